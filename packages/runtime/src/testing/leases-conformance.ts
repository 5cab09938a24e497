import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lease, Leases } from '../ports/leases.ts'
import { eventually } from './eventually.ts'

/** Two instances over the same leases. */
export interface Rivals {
  readonly one: Leases
  readonly two: Leases
  /** Cuts the first instance off from whatever keeps the leases, so that it can renew nothing. */
  cutOff(): void
  close(): Promise<void>
}

/** What every adapter of the Leases port does. */
export function leasesConformance(name: string, open: () => Promise<Rivals>): void {
  describe(`${name}: leases`, () => {
    let rivals: Rivals
    const stop = new Set<AbortController>()
    const taken = new Set<Lease>()
    beforeEach(async () => {
      rivals = await open()
    })
    afterEach(async () => {
      for (const abort of stop) abort.abort()
      for (const lease of taken) await lease.release()
      stop.clear()
      taken.clear()
      await rivals.close()
    })

    /** Asks for the lease; `got` is what came of it. */
    function ask(of: Leases, lease: string) {
      const abort = new AbortController()
      stop.add(abort)
      const asked: { got: Lease | undefined; ended: boolean; abort: AbortController } = { got: undefined, ended: false, abort }
      void of.acquire(lease, abort.signal).then((got) => {
        asked.got = got
        asked.ended = true
        if (got) taken.add(got)
      })
      return asked
    }
    const held = async (of: Leases, lease: string) => {
      const asked = ask(of, lease)
      await eventually(() => asked.got !== undefined)
      return asked.got as Lease
    }

    it('one instance holds it, for longer than it lasts; another gets it when it is given back', async () => {
      const first = await held(rivals.one, 'work')
      const other = ask(rivals.two, 'work')
      const began = performance.now()
      await eventually(() => performance.now() - began > 4_000)
      expect(other.ended).toBe(false)
      expect(first.lost.aborted).toBe(false)
      await first.release()
      expect(first.lost.aborted).toBe(true)
      await eventually(() => other.got !== undefined)
    })

    it('different leases have different holders', async () => {
      await held(rivals.one, 'this')
      await held(rivals.two, 'that')
    })

    it('of many that ask at the same time one gets it', async () => {
      const asked = Array.from({ length: 10 }, (_, n) => ask(n % 2 === 0 ? rivals.one : rivals.two, 'wanted'))
      const holders = () => asked.filter(({ got }) => got && !got.lost.aborted)
      for (let turn = 0; turn < 3; turn += 1) {
        await eventually(() => holders().length > 0)
        expect(holders()).toHaveLength(1)
        await holders()[0]?.got?.release()
      }
    })

    it('F6: a holder that is cut off knows that it may have lost it, before another has it', async () => {
      const first = await held(rivals.one, 'work')
      const other = ask(rivals.two, 'work')
      rivals.cutOff()
      let lostFirst = false
      first.lost.addEventListener('abort', () => {
        lostFirst = other.got === undefined
      })
      await eventually(() => other.got !== undefined)
      expect(lostFirst).toBe(true)
    })

    it('who waits is told that another holds it', async () => {
      const first = await held(rivals.one, 'work')
      const abort = new AbortController()
      stop.add(abort)
      let told = 0
      const waiting = rivals.two.acquire('work', abort.signal, () => {
        told += 1
      })
      await eventually(() => told > 0)
      await first.release()
      const second = await waiting
      if (second) taken.add(second)
      expect(second?.lost.aborted).toBe(false)
    })

    it('who is told to stop waiting gets nothing', async () => {
      await held(rivals.one, 'work')
      const other = ask(rivals.two, 'work')
      other.abort.abort()
      await eventually(() => other.ended)
      expect(other.got).toBeUndefined()
      const late = ask(rivals.two, 'free')
      late.abort.abort()
      await eventually(() => late.ended)
    })
  })
}
