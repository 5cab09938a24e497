import { describe, expect, it } from 'vitest'
import { localSignals } from './local-signals.ts'

const never = 3_600_000

describe('localSignals', () => {
  it('wakes everybody who waits for the name, and nobody else', async () => {
    const signals = localSignals()
    const woken: string[] = []
    const abort = new AbortController()
    const wait = (who: string, name: string) =>
      signals.wait(name, signals.seen(name), never, abort.signal).then(() => woken.push(who))
    const waiting = [wait('one', 'a'), wait('two', 'a')]
    const other = wait('three', 'b')
    signals.send(['a', 'c'])
    await Promise.all(waiting)
    expect(woken).toEqual(['one', 'two'])
    abort.abort()
    await other
  })

  it('loses no signal that was sent while the listener was busy', async () => {
    const signals = localSignals()
    const seen = signals.seen('a')
    signals.send(['a'])
    await signals.wait('a', seen, never)
    expect(signals.seen('a')).toBe(seen + 1)
  })

  it('waits again for the next signal', async () => {
    const signals = localSignals()
    signals.send(['a'])
    let woken = false
    const waiting = signals.wait('a', signals.seen('a'), never).then(() => {
      woken = true
    })
    await Promise.resolve()
    expect(woken).toBe(false)
    signals.send(['a'])
    await waiting
  })

  it('gives up after the time, and when aborted, before or meanwhile', async () => {
    const signals = localSignals()
    await signals.wait('a', 0, 1)
    await signals.wait('a', 0, never, AbortSignal.abort())
    const abort = new AbortController()
    const waiting = signals.wait('a', 0, never, abort.signal)
    abort.abort()
    await waiting
    expect(signals.seen('a')).toBe(0)
  })
})
