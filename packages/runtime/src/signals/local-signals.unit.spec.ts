import { describe, expect, it } from 'vitest'
import { signalsConformance } from '../testing/signals-conformance.ts'
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

describe('localSignals, published', () => {
  it('wakes here what another publishes, and ignores what is its own or no message', async () => {
    const published: string[] = []
    const publish = async (message: string) => published.push(message)
    const [one, other] = [localSignals(publish), localSignals()]
    one.send(['a'])
    for (const message of [...published, 'nonsense', '{}', '[]', '[1]', '["x",1]']) {
      one.receive(message)
      other.receive(message)
    }
    expect([one.seen('a'), other.seen('a')]).toEqual([1, 1])
  })

  it('wakes every listener once, and leaves those asleep who wait for what nobody sends', async () => {
    const signals = localSignals()
    const seen = signals.seen('a')
    const waiting = signals.wait('a', seen, never)
    const abort = new AbortController()
    let slept = false
    const asleep = signals.wait('never', 0, never, abort.signal).then(() => {
      slept = true
    })
    signals.wakeAll()
    await waiting
    expect([signals.seen('a') - seen, slept]).toEqual([1, false])
    abort.abort()
    await asleep
  })
})

signalsConformance(
  'localSignals',
  async () => {
    const signals = localSignals()
    return [signals, signals]
  },
  { apart: false },
)
