import { answer } from '../child.ts'
import { ClosedLoop } from '../closed-loop.ts'
import { openComptoir } from '../comptoir.ts'
import { openHandWritten } from '../hand-written/open.ts'
import type { Place } from '../place.ts'
import { type Stage, Stages } from '../stages.ts'

export interface SagaWork {
  readonly system: 'comptoir' | 'hand-written'
  readonly place: Place
  /** Sagas measured one at a time; 0: none. */
  readonly single: number
  /** Sagas of each closed loop, and how many of them are in flight. */
  readonly sagas: number
  readonly inFlight: readonly number[]
}

export interface ClosedLoopRun {
  readonly inFlight: number
  readonly sagasPerSecond: number
  /** CPU of the whole process (milliseconds per saga): of all figures the one that other work on the machine disturbs least. */
  readonly cpuMsPerSaga: number
  readonly stages: readonly Stage[]
}

export interface SagaAnswer {
  /** Milliseconds. */
  readonly latencies: readonly number[]
  readonly closedLoops: readonly ClosedLoopRun[]
}

/** Both systems compile their statements and fill their caches before anything is measured. */
const warmUp = { sagas: 2_000, inFlight: 100 } as const

await answer(async ({ system: name, place, single, sagas, inFlight }: SagaWork): Promise<SagaAnswer> => {
  const load = new ClosedLoop()
  const system = await (name === 'comptoir' ? openComptoir(place, load) : openHandWritten(place, load))
  await load.throughput(system, warmUp.sagas, warmUp.inFlight)
  const latencies = single > 0 ? await load.latencies(system, single) : []
  const closedLoops: ClosedLoopRun[] = []
  for (const concurrency of inFlight) {
    const stages = new Stages()
    const before = process.cpuUsage()
    const seconds = await load.throughput(system, sagas, concurrency)
    const { user, system: kernel } = process.cpuUsage(before)
    closedLoops.push({
      inFlight: concurrency,
      sagasPerSecond: sagas / seconds,
      cpuMsPerSaga: (user + kernel) / 1_000 / sagas,
      stages: stages.close(),
    })
  }
  await system.stop()
  return { latencies, closedLoops }
})
