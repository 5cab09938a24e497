import { setTimeout as pause } from 'node:timers/promises'

/**
 * Publishes the first names at once, and those that come meanwhile together: one publication at a time, and none sooner than
 * `pauseMs` after the one before. However many names are sent, and however slow the way, no queue grows. What cannot be
 * published is lost.
 */
export function coalesced(
  publish: (names: readonly string[]) => Promise<unknown>,
  pauseMs = 5,
): (names: Iterable<string>) => void {
  const waiting = new Set<string>()
  let publishing = false
  async function publishAll() {
    publishing = true
    while (waiting.size > 0) {
      const names = [...waiting]
      waiting.clear()
      await Promise.all([publish(names).catch(() => {}), pause(pauseMs, undefined, { ref: false })])
    }
    publishing = false
  }
  return (names) => {
    for (const name of names) waiting.add(name)
    if (!publishing) void publishAll()
  }
}
