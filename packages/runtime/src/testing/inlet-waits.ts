import { it } from 'vitest'
import type { Inlet } from '../log/inlet.ts'
import { eventually, turns } from './eventually.ts'
import { deadlineMs, type Mail, newKeys, page, readUntil } from './inlet-mail.ts'

/** Longer than any test: who waits so long is woken or aborted. */
const never = 3_600_000

/** What every Inlet does while it has nothing. */
export function inletWaits(mail: () => Mail, features: { readonly unasked: boolean }): void {
  it('sleeps while nothing comes, and wakes for what comes', async () => {
    const { inlet } = await mail().open()
    const { woken } = await asleep(inlet)
    await mail().say(mail().senders[1], newKeys(1))
    await woken
    await readUntil(inlet, 1)
  })

  it('wakes also for what came a moment before the wait', async () => {
    const { inlet } = await mail().open()
    const abort = new AbortController()
    const { woken } = await asleep(inlet, abort.signal)
    abort.abort()
    await woken
    await inlet.poll(page)
    await mail().say(mail().senders[0], newKeys(1))
    if (features.unasked) await eventually(() => inlet.pending.length > 0, deadlineMs)
    await inlet.wait(never, new AbortController().signal)
    await readUntil(inlet, 1)
  })

  it('stops waiting when the time is over, and when aborted, before or meanwhile', async () => {
    const { inlet } = await mail().open()
    const abort = new AbortController()
    const { woken } = await asleep(inlet, abort.signal)
    abort.abort()
    await woken
    await inlet.wait(never, abort.signal)
    await inlet.wait(1, new AbortController().signal)
    await inlet.wait(1, new AbortController().signal)
  })
}

/** Begins to wait, with `woken` its end: when whatever happened before is over, and nothing wakes it. */
async function asleep(inlet: Inlet, abort: AbortSignal = new AbortController().signal): Promise<{ woken: Promise<void> }> {
  let woken = Promise.resolve()
  await eventually(async () => {
    let isAwake = false
    await inlet.poll(page)
    woken = inlet.wait(never, abort).then(() => {
      isAwake = true
    })
    await eventually(turns(20))
    return !isAwake
  }, deadlineMs)
  return { woken }
}
