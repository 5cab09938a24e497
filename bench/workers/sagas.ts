import { type Batches, BatchSums } from '../batches.ts'
import { answer } from '../child.ts'
import { ClosedLoop } from '../closed-loop.ts'
import type { Place } from '../place.ts'
import { processorTime } from '../processor-time.ts'
import { type SystemName, systems } from '../systems.ts'

export interface SagaWork {
  readonly system: SystemName
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
  /** CPU of our process (milliseconds per saga): of all figures the one that other work on the machine disturbs least. */
  readonly cpuMsPerSaga: number
  /** CPU of each server with all its processes (milliseconds per saga). */
  readonly serverCpuMsPerSaga: Readonly<Record<string, number>>
  readonly batches: readonly Batches[]
}

export interface SagaAnswer {
  /** Milliseconds. */
  readonly latencies: readonly number[]
  readonly closedLoops: readonly ClosedLoopRun[]
  /** The most memory that the process has had (resident, megabytes of 1,000,000 bytes). */
  readonly peakMegabytes: number
}

/** Both systems compile their statements and fill their caches before anything is measured. */
const warmUp = { sagas: 2_000, inFlight: 100 } as const

await answer(async ({ system: name, place, single, sagas, inFlight }: SagaWork): Promise<SagaAnswer> => {
  const load = new ClosedLoop()
  const system = await systems[name](place, load)
  await load.throughput(system, warmUp.sagas, warmUp.inFlight)
  const latencies = single > 0 ? await load.latencies(system, single) : []
  const closedLoops: ClosedLoopRun[] = []
  for (const concurrency of inFlight) {
    const batches = new BatchSums()
    const before = cpuOf(place)
    const seconds = await load.throughput(system, sagas, concurrency)
    const used = Object.entries(cpuOf(place)).map(([who, ms]) => [who, (ms - (before[who] ?? 0)) / sagas] as const)
    const { ours = 0, ...servers } = Object.fromEntries(used)
    closedLoops.push({
      inFlight: concurrency,
      sagasPerSecond: sagas / seconds,
      cpuMsPerSaga: ours,
      serverCpuMsPerSaga: servers,
      batches: batches.close(),
    })
  }
  await system.stop()
  return { latencies, closedLoops, peakMegabytes: (process.resourceUsage().maxRSS * 1_024) / 1e6 }
})

/** Processor time so far, of this process (`ours`) and of each server (milliseconds). */
function cpuOf({ servers }: Place): Record<string, number> {
  const { user, system } = process.cpuUsage()
  const theirs = Object.entries(servers).map(([name, pid]) => [name, processorTime(pid)] as const)
  return { ...Object.fromEntries(theirs), ours: (user + system) / 1_000 }
}
