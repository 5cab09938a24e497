import type { Clock, Database, Ids } from '@comptoir/runtime'
import type { SeededRandom } from './seeded-random.ts'

/** How far clocks are off, in milliseconds: that of the processes, and that of the database. */
export interface Skew {
  readonly process: number
  readonly database: number
}

const firstNoon = Date.UTC(2030, 0, 15, 12)

/**
 * Makes `comptoir.now()` answer what a row says (a setting would be that of one session), and answers what it says now: the time
 * goes on where an earlier simulation on this database left it, so that no two sagas get one id.
 */
async function tellTime(database: Database): Promise<number> {
  await database.script(`
    create table if not exists comptoir.simulated_time (at timestamptz not null);
    insert into comptoir.simulated_time select to_timestamp(${firstNoon / 1000}) where not exists (select from comptoir.simulated_time);
    create or replace function comptoir.now() returns timestamptz language sql stable return (select at from comptoir.simulated_time)`)
  const [row] = await database.query<{ at: number }>(
    `select (extract(epoch from at) * 1000)::float8 as at from comptoir.simulated_time`,
  )
  return row?.at ?? firstNoon
}

/** The time of a simulation: it passes only when it is told to, and the clocks that show it may be wrong. */
export class SimulatedTime {
  /** Milliseconds since the simulation began, by no clock. */
  elapsed = 0
  readonly #database: Database
  readonly #start: number
  #skew: Skew = { process: 0, database: 0 }

  private constructor(database: Database, start: number) {
    this.#database = database
    this.#start = start
  }

  static async on(database: Database): Promise<SimulatedTime> {
    return new SimulatedTime(database, (await tellTime(database)) + 1_000)
  }

  /** What the processes take for the time. */
  readonly clock: Clock = { now: () => this.#start + this.elapsed + this.#skew.process }

  /** Lets so many milliseconds pass. */
  async pass(milliseconds: number): Promise<void> {
    this.elapsed += milliseconds
    await this.#tell()
  }

  /** Sets the clocks wrong from now on. */
  async setClocks(skew: Skew): Promise<void> {
    this.#skew = skew
    await this.#tell()
  }

  /** Ids of a process: UUIDv7 of its clock, strictly increasing, with random bits by the seed. */
  ids(random: SeededRandom): Ids {
    let last = 0
    return {
      uuid: () => {
        last = Math.max(last + 1, this.clock.now() * 0x1000)
        const time = last.toString(16).padStart(15, '0')
        const bits = [...'0123456789abcdef'].map(() => random.below(16).toString(16)).join('')
        return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${time.slice(12)}-8${bits.slice(1, 4)}-${bits.slice(4)}`
      },
    }
  }

  async #tell(): Promise<void> {
    const at = this.#start + this.elapsed + this.#skew.database
    await this.#database.query('update comptoir.simulated_time set at = $1', [new Date(at).toISOString()])
  }
}
