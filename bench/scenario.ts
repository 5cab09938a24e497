import type { Figure } from './figure.ts'
import type { machine } from './machine.ts'
import type { Mode, Places } from './place.ts'

/** How much of each scenario is run. */
export interface Scale {
  /** Each figure is the median of so many runs, each on a fresh folder. */
  readonly runs: number
  /** Sagas of one closed-loop measurement. */
  readonly sagas: number
  /** Sagas of one one-at-a-time measurement. */
  readonly single: number
  /** Seconds of load over HTTP. */
  readonly seconds: number
  /** Seconds of each open load. */
  readonly openSeconds: number
  /** Seconds without a broker. */
  readonly outageSeconds: number
  /** Memory is looked at after each `memoryStep` orders: ten times, then five more. */
  readonly memoryStep: number
  readonly pastOrders: number
  /** Unpaid orders that become due at once. */
  readonly dueOrders: number
  /** Seconds of steady load while memory is looked at. */
  readonly soakSeconds: number
}

export const fullScale: Scale = {
  runs: 5,
  sagas: 20_000,
  single: 1_000,
  seconds: 30,
  openSeconds: 10,
  outageSeconds: 60,
  memoryStep: 10_000,
  pastOrders: 1_000_000,
  dueOrders: 100_000,
  soakSeconds: 1_800,
}
/** To see that everything works; its figures say little. */
export const quickScale: Scale = {
  runs: 1,
  sagas: 4_000,
  single: 200,
  seconds: 5,
  openSeconds: 5,
  outageSeconds: 10,
  memoryStep: 1_000,
  pastOrders: 50_000,
  dueOrders: 5_000,
  soakSeconds: 30,
}

export interface Context {
  readonly scale: Scale
  readonly places: Places
  /** Shows what is being done, on standard error. */
  readonly say: (text: string) => void
}

export interface Findings {
  readonly figures: readonly Figure[]
  /** What lies behind the figures, for the JSON file. */
  readonly details: unknown
  /** What is worth a line below the table. */
  readonly notes: readonly string[]
}

/** What a scenario found, when and with what. */
export interface Report extends Findings {
  readonly at: string
  /** The commit that was measured; a plus behind it: and changes that are not committed. */
  readonly commit: string
  readonly machine: typeof machine
  readonly scale: Scale
}

export interface Scenario {
  readonly name: string
  /** Where it can run. */
  readonly modes: readonly Mode[]
  run(context: Context): Promise<Findings>
}
