import { type Broker, type Database, listen } from '@comptoir/runtime'
import { openDistributed } from '../apps/comptoir/src/distributed.ts'
import { openEmbedded } from '../apps/comptoir/src/embedded.ts'
import type { Foundation } from '../apps/comptoir/src/foundation.ts'
import { Instance } from '../apps/comptoir/src/instance.ts'
import { kafkaBroker } from '../packages/kafka/src/index.ts'
import type { KafkaPlace, Place } from './place.ts'
import { population, randomOrder, type SagaListener, type SagaSystem } from './saga-system.ts'
import type { Trace } from './trace.ts'
import { tracedBroker, tracedDatabase } from './traced-ports.ts'

/** What an instance at that place stands on. */
export const foundationAt = ({ mode, at }: Place, failed: (error: Error) => void = () => {}): Promise<Foundation> =>
  mode === 'embedded' ? openEmbedded(at, failed) : openDistributed(at)

/**
 * Comptoir as `serve` runs it, projections on, without HTTP.
 *
 * @param trace stamps each message on its way
 */
export async function openComptoir(place: Place, listener: SagaListener, trace?: Trace): Promise<SagaSystem> {
  const { instance, stop } = await openInstance(
    place,
    listener,
    (database) => (trace ? tracedDatabase(database, trace) : database),
    trace,
  )
  return {
    place(accepted) {
      instance.entry.begin(randomOrder()).then(
        (entrance) => {
          if (entrance.kind === 'begun') accepted?.(entrance.saga)
          else listener.failed(new Error(`an order was ${entrance.kind}`))
        },
        (error: unknown) => listener.failed(error),
      )
    },
    stop: () => stop(),
  }
}

/** An instance that does the work of all services, with users and products to order from, whose sagas' ends the listener is told. */
export async function openInstance(
  place: Place,
  listener: SagaListener,
  through: (database: Database) => Database = (database) => database,
  trace?: Trace,
): Promise<{ readonly instance: Instance; stop(sends?: boolean): Promise<void> }> {
  const foundation = await foundationAt(place, (error) => listener.failed(error))
  const { ports, leases } = foundation
  const database = through(foundation.database)
  const broker = place.kafka && countingBroker(place.kafka, trace)
  const connections = { ...(ports && { ports }), ...(leases && { leases }), ...(broker && { broker }) }
  const instance = await Instance.start(database, { seed: true, ...connections })
  await populate(database)
  const ends = [
    listen('comptoir:saga', ({ event, count }) => {
      if (event === 'completed') listener.ended(count)
      if (event === 'cancelled') listener.failed(new Error(`${count} sagas were cancelled`))
    }),
    listen('comptoir:paused', ({ consumer, reason }) => {
      if (reason === null) return
      if (listener.waiting) listener.waiting(reason)
      else listener.failed(new Error(`${consumer} stands still: ${reason}`))
    }),
  ]
  return {
    instance,
    /** @param sends whether the load was one that sends messages */
    async stop(sends = true) {
      for (const end of ends) end()
      await instance.stop()
      await broker?.close()
      await foundation.close()
      if (sends && broker?.published === 0) throw new Error('the messages have not gone through the broker')
    },
  }
}

/** A broker that knows how much it was given. */
function countingBroker({ brokers, prefix }: KafkaPlace, trace?: Trace): Broker & { readonly published: number } {
  const kafka = kafkaBroker({ brokers, prefix, service: 'bench' })
  const broker = trace ? tracedBroker(kafka, trace) : kafka
  let published = 0
  return {
    ...broker,
    get published() {
      return published
    },
    publish(mailbox, messages) {
      published += messages.length
      return broker.publish(mailbox, messages)
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
