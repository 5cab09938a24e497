import { answer } from '../child.ts'
import { OpenLoad } from '../open-load.ts'
import type { Place } from '../place.ts'
import { type Stage, stagesOf, wholeSagas } from '../stages.ts'
import { quantile } from '../statistics.ts'
import { type SystemName, systems } from '../systems.ts'
import { Trace } from '../trace.ts'

export interface OpenWork {
  readonly system: SystemName
  readonly place: Place
  /** Orders per second, one load after the other, and how long each lasts (seconds). */
  readonly rates: readonly number[]
  readonly seconds: number
}

/** One load. Milliseconds. */
export interface OpenRun {
  readonly rate: number
  readonly sagas: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly stages: readonly Stage[]
}

/** Both systems compile their statements and fill their caches before anything is measured. */
const warmUp = { rate: 500, seconds: 4 } as const

await answer(async ({ system: name, place, rates, seconds }: OpenWork): Promise<OpenRun[]> => {
  const trace = new Trace()
  const load = new OpenLoad(trace)
  const system = await systems[name](place, load, trace)
  await load.run(system, warmUp.rate, warmUp.seconds)
  const runs: OpenRun[] = []
  for (const rate of rates) {
    await load.run(system, rate, seconds)
    const whole = wholeSagas(trace)
    runs.push({
      rate,
      sagas: whole.length,
      p50: quantile(whole, 0.5),
      p99: quantile(whole, 0.99),
      p999: quantile(whole, 0.999),
      stages: stagesOf(trace, place.kafka !== undefined),
    })
  }
  await system.stop()
  return runs
})
