import { type Database, listen } from '@comptoir/runtime'
import { openDistributed } from '../apps/comptoir/src/distributed.ts'
import { openEmbedded } from '../apps/comptoir/src/embedded.ts'
import type { Foundation } from '../apps/comptoir/src/foundation.ts'
import { Instance } from '../apps/comptoir/src/instance.ts'
import type { Place } from './place.ts'
import { population, randomOrder, type SagaListener, type SagaSystem } from './saga-system.ts'

/** What an instance at that place stands on. */
export const foundationAt = ({ mode, at }: Place, failed: (error: Error) => void = () => {}): Promise<Foundation> =>
  mode === 'embedded' ? openEmbedded(at, failed) : openDistributed(at)

/** Comptoir as `serve` runs it, projections on, without HTTP. */
export async function openComptoir(place: Place, listener: SagaListener): Promise<SagaSystem> {
  const foundation = await foundationAt(place, (error) => listener.failed(error))
  const { database, ports, leases } = foundation
  const instance = await Instance.start(database, { seed: true, ports, ...(leases && { leases }) })
  await populate(database)
  const ends = [
    listen('comptoir:saga', ({ event, count }) => {
      if (event === 'completed') listener.ended(count)
      if (event === 'cancelled') listener.failed(new Error(`${count} sagas were cancelled`))
    }),
    listen('comptoir:paused', ({ consumer, reason }) => {
      if (reason !== null) listener.failed(new Error(`${consumer} stands still: ${reason}`))
    }),
  ]
  return {
    place() {
      instance.entry.begin(randomOrder()).then(
        ({ kind }) => {
          if (kind !== 'begun') listener.failed(new Error(`an order was ${kind}`))
        },
        (error: unknown) => listener.failed(error),
      )
    },
    async stop() {
      for (const end of ends) end()
      await instance.stop()
      await foundation.close()
    },
  }
}

/** Users and products that the load orders from, unless they are there. */
async function populate(database: Database): Promise<void> {
  const { first, users, products, stock } = population
  await database.transaction(async (tx) => {
    await tx.query(
      `insert into store.users (id, name, email, email_key)
       select id, 'User ' || id, id || '@example.com', id || '@example.com' from generate_series($1::int, $2::int) as id on conflict do nothing`,
      [first, first + users - 1],
    )
    await tx.query(
      `insert into store.products (id, name, sku, price)
       select id, 'Product ' || id, 'SKU' || id, 100 + id from generate_series($1::int, $2::int) as id on conflict do nothing`,
      [first, first + products - 1],
    )
    await tx.query(
      `insert into store.stocks (product_id, quantity) select id, $3 from generate_series($1::int, $2::int) as id on conflict do nothing`,
      [first, first + products - 1, stock],
    )
  })
}
