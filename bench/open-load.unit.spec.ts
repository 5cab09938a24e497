import { expect, it } from 'vitest'
import { OpenLoad } from './open-load.ts'
import type { SagaSystem } from './saga-system.ts'
import { wholeSagas } from './stages.ts'
import { Trace } from './trace.ts'

/** Ends each saga at once, but the first takes the whole process for so long (milliseconds). */
function stalling(trace: Trace, load: OpenLoad, stall: number): SagaSystem & { placed: number } {
  return {
    placed: 0,
    place(accepted) {
      this.placed += 1
      const saga = `saga ${this.placed}`
      accepted?.(saga)
      for (const end = performance.now() + stall; this.placed === 1 && performance.now() < end; );
      setImmediate(() => {
        trace.stamp('stored', [{ saga, name: 'SagaCompleted' }])
        load.ended(1)
      })
    },
    async stop() {},
  }
}

it('orders that were due while the process stood still are placed, and count from when they were due', async () => {
  const trace = new Trace()
  const load = new OpenLoad(trace)
  const system = stalling(trace, load, 100)
  await load.run(system, 500, 0.2)
  // A Poisson process of mean 100, of which half were due in the stall: outside of these once in a million runs.
  expect(system.placed).toBeGreaterThan(55)
  expect(system.placed).toBeLessThan(155)
  const latencies = wholeSagas(trace)
  expect(latencies).toHaveLength(system.placed)
  expect(latencies.filter((latency) => latency > 50).length).toBeGreaterThan(5)
})

it('a saga that fails ends the load', async () => {
  const trace = new Trace()
  const load = new OpenLoad(trace)
  const place = () => load.failed(new Error('an order was refused'))
  await expect(load.run({ place, async stop() {} }, 500, 10)).rejects.toThrow('an order was refused')
})

it('a missing stamp is an error and not a figure', () => {
  const trace = new Trace()
  trace.accepted('one', 0)
  expect(() => wholeSagas(trace)).toThrow('a saga has no stamp "SagaCompleted stored"')
})
