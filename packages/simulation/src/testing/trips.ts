import { type Database, type Migrations, Service } from '@comptoir/runtime'
import { type Act, type Acts, travellers, trip } from '../../../runtime/src/testing/trip.ts'
import type { SimulationOptions } from '../options.ts'

const places = ['a', 'b'] as const
export const steps = ['book', 'pack', 'pay', 'leave', 'unbook', 'unpack'] as const

/** The services of trips, whose steps do besides what `act` says. */
export const trips = (act: (step: (typeof steps)[number]) => Act): Pick<SimulationOptions, 'services' | 'migrations'> => {
  const acts: Acts = Object.fromEntries(steps.map((step) => [step, act(step)]))
  return {
    services: (ports, epoch) =>
      places.map(
        (name) =>
          new Service({
            ...ports,
            epoch,
            name,
            participants: [travellers(acts, [])[name]],
            homes: name === 'a' ? [{ saga: trip }] : [],
          }),
      ),
    migrations: places.map(
      (schema): Migrations => ({ owner: `${schema}.effect`, folder: new URL('sql/', import.meta.url), schema }),
    ),
  }
}

/** The effects on a trip, service by service, in their order. */
export async function effectsOn(database: Pick<Database, 'query'>, id: string): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select name from (select 1 as s, n, saga, name from a.effect union all select 2, n, saga, name from b.effect) as e
     where saga = $1 order by s, n`,
    [id],
  )
  return rows.map(({ name }) => name)
}
