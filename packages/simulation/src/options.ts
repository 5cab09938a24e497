import type { Database, DrivingStyle, Migrations } from '@comptoir/runtime'
import type { MakeServices } from './life.ts'
import type { CrashMoment } from './mortal-database.ts'

/** How sagas are driven: by their participants, or by a driver over messages or by calls. */
export type Style = 'choreographed' | DrivingStyle

export interface SimulationOptions {
  /** Makes the services whose sagas are run, of the ports that it is given: the ones that run in earnest. */
  readonly services: MakeServices
  /** The tables that the services have besides those of the engine. */
  readonly migrations?: readonly Migrations[]
  /** Where it runs; emptied of earlier simulations' sagas. Absent: in memory, closed with the simulation. */
  readonly database?: Database
  /** Decides everything that is left to chance (an integer). Default: 1. */
  readonly seed?: number
  /** Default: choreographed. */
  readonly style?: Style
  /** Whether the process dies at a commit. It is begun anew on the same database. Default: never. */
  readonly crash?: (moment: CrashMoment) => boolean
  /** How likely a message comes once more (three times more at most), or the answer to a call is lost: 0 to 1. Default: 0. */
  readonly duplicate?: number
  /** Whether what is on its way may overtake. Default: true. */
  readonly reorder?: boolean
}
