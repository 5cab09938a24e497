import type { Transaction } from '@comptoir/runtime'
import { answer } from '../child.ts'
import { foundationAt, openComptoir } from '../comptoir.ts'
import { writePastOrders } from '../past-orders.ts'
import type { Place } from '../place.ts'

export interface HistoryWork {
  readonly place: Place
  readonly orders: number
}

/** What the database takes on its disk (megabytes of 1,000,000 bytes). */
export interface HistoryAnswer {
  readonly megabytes: number
}

/** Orders written in one transaction. */
const piece = 10_000

/**
 * Fills a store with orders that were placed and ended 30 days ago, as their sagas leave them, with ids as they would have
 * got. The newest million has its inbox and log rows as well, though retention would have dropped them by then: they stand
 * for those of the last week.
 */
await answer(async ({ place, orders }: HistoryWork): Promise<HistoryAnswer> => {
  await makeStore(place)
  const foundation = await foundationAt(place)
  const { database } = foundation
  for (let done = 0; done < orders; done += piece) {
    await database.transaction((tx) => writePastOrders(tx, done, Math.min(piece, orders - done), orders))
    // An embedded database has nobody else to do it.
    if (place.mode === 'embedded') await database.script('checkpoint')
  }
  await database.transaction(finish)
  // A server would have done it by itself, long ago.
  if (place.mode !== 'embedded') await database.script('vacuum analyze')
  await database.script('checkpoint')
  const [size] = await database.query<{ bytes: number }>('select pg_database_size(current_database()) as bytes')
  await foundation.close()
  return { megabytes: (size?.bytes ?? 0) / 1e6 }
})

/** Users, products and the consumers' positions, made by the store itself. */
async function makeStore(place: Place): Promise<void> {
  const store = await openComptoir(place, {
    ended() {},
    failed(error) {
      throw error
    },
  })
  await store.stop()
}

/** Reports, sequences, and the consumers' positions behind all of it. */
async function finish(tx: Transaction): Promise<void> {
  // Ten million orders take longer to add up than a statement of the store may.
  await tx.query('set local statement_timeout = 0')
  await tx.query('insert into store_view.spending select user_id, sum(total)::bigint from store.orders group by user_id')
  await tx.query('insert into store_view.sold select product_id, sum(quantity) from store.order_items group by product_id')
  await tx.query(`update store.users set has_orders = true`)
  await tx.query(`update store.products set ordered = true`)
  await tx.query(`select setval(pg_get_serial_sequence('store.orders', 'id'), (select max(id) from store.orders))`)
  await tx.query(`select setval(pg_get_serial_sequence('payments.payments', 'id'), (select max(id) from payments.payments))`)
  for (const schema of ['store', 'payments'])
    await tx.query(
      `update ${schema}.position set epoch = (select epoch from comptoir.epoch), txid = pg_current_xact_id(), pos = 0`,
    )
}
