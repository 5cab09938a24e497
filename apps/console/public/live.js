// @ts-check
/** Does the page's work every second, unless it is paused or its tab is hidden. */

const interval = 1_000

/** @param {() => Promise<void>} work which handles its own failures */
export function createLive(work) {
  let paused = false
  let working = false
  let wanted = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

  /** Works at once, even when paused; while at work already, once more after it. */
  async function now() {
    wanted = true
    if (working) return
    working = true
    clearTimeout(timer)
    while (wanted) {
      wanted = false
      await work()
    }
    working = false
    if (!paused && !document.hidden) timer = setTimeout(now, interval)
  }

  /** @param {boolean} value */
  function pause(value) {
    paused = value
    if (paused) clearTimeout(timer)
    else now()
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer)
    else if (!paused) now()
  })
  return { now, pause, isPaused: () => paused }
}
