import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Signals } from '../ports/signals.ts'
import { eventually } from './eventually.ts'

/** Longer than any test: who waits so long is woken or aborted. */
const never = 3_600_000

export interface SignalsFeatures {
  /** Whether the two are in different processes, as far as they know, so that a wake-up travels. */
  readonly apart: boolean
  /** Closes what `openPair` opened. */
  close?(pair: readonly [Signals, Signals]): Promise<void>
}

/**
 * What every adapter of the Signals port does.
 *
 * @param openPair two that hear each other
 */
export function signalsConformance(name: string, openPair: () => Promise<[Signals, Signals]>, features: SignalsFeatures): void {
  describe(`Signals: ${name}`, () => {
    let near: Signals
    let far: Signals
    let names = 0
    /** A name of one test alone. */
    const fresh = () => `${name} ${++names}`

    beforeAll(async () => {
      ;[near, far] = await openPair()
      await bothHear(near, far)
    })
    afterAll(() => features.close?.([near, far]))

    it('wakes everybody who waits for the name here, at once', async () => {
      const a = fresh()
      const seen = near.seen(a)
      const waiting = [near.wait(a, seen, never), near.wait(a, seen, never)]
      near.send([a])
      expect(near.seen(a)).toBe(seen + 1)
      await Promise.all(waiting)
    })

    it('wakes who waits for the name on the other side', async () => {
      const [a, b] = [fresh(), fresh()]
      const waiting = [far.wait(a, far.seen(a), never), far.wait(b, far.seen(b), never)]
      near.send(new Set([a, b]))
      await Promise.all(waiting)
    })

    it('keeps to itself what this process alone waits for, until it takes that back', async () => {
      const [a, b] = [fresh(), fresh()]
      const [once, twice] = [near.claim([a]), near.claim([a])]
      once()
      const waiting = near.wait(a, near.seen(a), never)
      near.send([a])
      await waiting
      // What is sent afterwards arrives afterwards.
      const told = far.wait(b, far.seen(b), never)
      near.send([b])
      await told
      if (features.apart) expect(far.seen(a)).toBe(0)
      twice()
      twice()
      const heard = far.wait(a, far.seen(a), never)
      near.send([a])
      await heard
    })

    it('wakes nobody who waits for another name', async () => {
      const [a, b] = [fresh(), fresh()]
      const abort = new AbortController()
      let woken = false
      const other = Promise.all([near, far].map((side) => side.wait(b, side.seen(b), never, abort.signal))).then(() => {
        woken = true
      })
      const waiting = far.wait(a, far.seen(a), never)
      near.send([a])
      await waiting
      expect(woken).toBe(false)
      abort.abort()
      await other
    })

    it('loses no signal that was sent while the listener was busy', async () => {
      const a = fresh()
      const before = [near.seen(a), far.seen(a)] as const
      near.send([a])
      await eventually(() => far.seen(a) > before[1])
      await Promise.all([near.wait(a, before[0], never), far.wait(a, before[1], never)])
    })

    it('counts what it sent once, though it hears itself', async () => {
      const [a, b] = [fresh(), fresh()]
      near.send([a])
      // What the other side sends in answer comes after the echo.
      const answered = near.wait(b, near.seen(b), never)
      const asked = far.wait(a, 0, never)
      await asked
      far.send([b])
      await answered
      expect(near.seen(a)).toBe(1)
    })

    it('waits again for the next signal', async () => {
      const a = fresh()
      near.send([a])
      await eventually(() => far.seen(a) > 0)
      const waiting = far.wait(a, far.seen(a), never)
      near.send([a])
      await waiting
    })

    it('gives up after the time, and when aborted, before or meanwhile', async () => {
      const a = fresh()
      await near.wait(a, near.seen(a), 1)
      await near.wait(a, near.seen(a), never, AbortSignal.abort())
      const abort = new AbortController()
      const waiting = near.wait(a, near.seen(a), never, abort.signal)
      abort.abort()
      await waiting
      expect(near.seen(a)).toBe(0)
    })

    it('carries every name of a storm, of the last turn too, in both directions', async () => {
      const storm = Array.from({ length: 300 }, fresh)
      const waiting = storm.flatMap((a) => [near.wait(a, near.seen(a), never), far.wait(a, far.seen(a), never)])
      for (const [index, a] of storm.entries()) {
        if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
        const from = index % 2 === 0 ? near : far
        from.send([a])
      }
      await Promise.all(waiting)
    })

    if (features.apart)
      it('tells the other side of long and strange names, and of too many for one message', async () => {
        const strange = [`${fresh()} "\\é\n👋`, `${fresh()} ${'x'.repeat(3_000)}`, fresh(), `${fresh()} ${'é'.repeat(5_000)}`]
        for (const a of strange) {
          const waiting = far.wait(a, far.seen(a), never)
          near.send([a])
          await waiting
        }
        const many = strange.map((a) => far.wait(a, far.seen(a), never))
        near.send(strange)
        await Promise.all(many)
      })

    it('takes an empty list', () => {
      near.send([])
    })
  })
}

/**
 * What is sent before both are connected is lost, so that it is sent until it is heard: twice, because everybody is woken once
 * by his own connection.
 */
export async function bothHear(one: Signals, other: Signals): Promise<void> {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const hello = `hello ${Math.random()}`
    await eventually(() => {
      from.send([hello])
      return to.seen(hello) > 1
    })
  }
}
