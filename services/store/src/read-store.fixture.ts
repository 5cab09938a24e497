import { createServer } from '@comptoir/http'
import {
  engineMigrations,
  lonePorts,
  migrate,
  Projector,
  type ReadStore,
  ReadStoreProjector,
  raiseEpoch,
  type Service,
  sharedMigrations,
} from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import type { FastifyInstance } from 'fastify'
import type { Redis } from 'ioredis'
import { redisReadStore } from '../../../packages/redis/src/redis-read-store.ts'
import { eventually } from '../../../packages/runtime/src/testing/eventually.ts'
import { EntryReads } from './entry-reads.ts'
import { ordersApi } from './orders/api.ts'
import type { OrderStatus } from './orders/order.ts'
import { projectReadModel } from './read-model.ts'
import { storeEntries } from './read-store.ts'
import { readStoreDifferences } from './read-store-differences.fixture.ts'
import { ReadWaits } from './read-waits.ts'
import { seedStore } from './seed/seed.ts'
import { stockApi } from './stock/api.ts'
import { graphqlApi } from './stock/graphql/api.ts'
import { storeMigrations, storeService } from './store.ts'

const linkTo = (payment: number) => `http://shop.example/payments-api/payments/process/${payment}`

/** What clients of one instance ask. */
export interface Counter {
  readonly app: FastifyInstance
  readonly waits: ReadWaits
  /** How many statements it has sent to the database outside of transactions. */
  readonly statements: () => number
}

const CLEAR = `
  truncate store.users, store.products, store.stocks, store.stock_ledger, store.orders, store.order_items, store.log,
    store_view.orders, store_view.stock, store_view.counted, store_view.spending, store_view.sold restart identity`

/** The store's methods, for an object that replaces some of them. */
export const boundStore = (store: ReadStore): ReadStore => ({
  read: (kind, ids) => store.read(kind, ids),
  readVouched: (kind, ids) => store.readVouched(kind, ids),
  write: (kind, entries, generation) => store.write(kind, entries, generation),
  drop: (kind, entries) => store.drop(kind, entries),
  generation: () => store.generation(),
  renew: () => store.renew(),
  now: () => store.now(),
  vouch: (generation, until) => store.vouch(generation, until),
  close: () => store.close(),
})

/** A store whose instances share one database and one Redis, with both projections. */
export class ReadStoreShop {
  readonly work: Service
  readonly #closing: (() => Promise<unknown>)[] = []
  #projector: Projector
  #entering: ReadStoreProjector | undefined
  readonly #url: () => string

  private constructor(work: Service, url: () => string) {
    this.work = work
    this.#url = url
    this.#projector = new Projector(work, projectReadModel)
  }

  /** @param url of the Redis server, as it is when a connection is opened */
  static async open(url: () => string): Promise<ReadStoreShop> {
    const database = await openPglite({})
    await migrate(database, [sharedMigrations, engineMigrations('store'), ...storeMigrations])
    const epoch = await raiseEpoch(database, ['store'])
    const shop = new ReadStoreShop(storeService(lonePorts(database), epoch), url)
    await seedStore(shop.work)
    await shop.#projector.start()
    return shop
  }

  /** Opens another connection to the read store. */
  store(): ReadStore {
    const store = redisReadStore({ url: this.#url() })
    this.#closing.push(() => store.close())
    return store
  }

  /** Begins to keep the read store, the first time or again. */
  async enter(store = this.store(), work = this.work): Promise<ReadStoreProjector> {
    await this.#entering?.stop()
    this.#entering = new ReadStoreProjector(work, store, storeEntries(linkTo))
    await this.#entering.start()
    return this.#entering
  }

  async leave(): Promise<void> {
    await this.#entering?.stop()
  }

  /** Ends all that reads and keeps the read store. */
  async closeInstances(): Promise<void> {
    await this.leave()
    for (const close of this.#closing.splice(0).reverse()) await close()
  }

  /** Empties it and fills it with the demo data. */
  async clear(): Promise<void> {
    await this.closeInstances()
    const again = await this.standStill()
    await this.work.ports.database.script(CLEAR)
    await seedStore(this.work)
    await again()
    await eventually(async () => (await this.work.query('select from store_view.stock')).length > 0)
  }

  /** Stops the projection of the tables; answers what starts it again. */
  async standStill(): Promise<() => Promise<void>> {
    await this.#projector.stop()
    return async () => {
      this.#projector = new Projector(this.work, projectReadModel)
      await this.#projector.start()
    }
  }

  /** Opens an instance with the read store. */
  counter(store = this.store()): Promise<Counter> {
    return this.#counter(store)
  }

  /** Opens an instance without it, for comparison. */
  plain(): Promise<Counter> {
    return this.#counter(undefined)
  }

  async #counter(store: ReadStore | undefined): Promise<Counter> {
    let statements = 0
    const { work } = this
    const counted = {
      name: work.name,
      query: ((text, values) => {
        statements += 1
        return work.query(text, values)
      }) as Service['query'],
      transaction: work.transaction.bind(work),
    }
    const entries = store && new EntryReads('store', store, work.ports.signals)
    const waits = new ReadWaits(counted, work.ports.signals, entries && { entries, linkTo })
    const app = createServer({ allowedHosts: 'any' })
    await app.register(stockApi(counted, waits, entries))
    await app.register(graphqlApi(counted, waits, entries))
    await app.register(ordersApi({ work: counted, waits, linkTo, cursorSecret: Buffer.alloc(32, 7) }))
    this.#closing.push(() => app.close())
    return { app, waits, statements: () => statements }
  }

  /** Writes an order as its saga does, with lines of the first products; answers its id. */
  async place(lines = 2): Promise<number> {
    return this.work.transaction(async (unit) => {
      const [row] = await unit.query<{ id: number }>(
        `with placed as (
           insert into store.orders (saga_id, user_id, total, status) values (gen_random_uuid(), 1, $1::bigint * 1999, 'PENDING') returning id
         ), entered as (
           insert into store.order_items (order_id, line, product_id, quantity, unit_price) select id, n, n, 1, 1999 from placed, generate_series(1, $1::int) as n
         ) select id from placed`,
        [lines],
      )
      unit.changed('new order', [row?.id ?? 0])
      return row?.id ?? 0
    })
  }

  /** Brings an order into a state, as a later step of its saga; answers its version. */
  async bring(id: number, status: OrderStatus, reason: string | null = null): Promise<number> {
    return this.work.transaction(async (unit) => {
      unit.changed('order', [id])
      const [row] = await unit.query<{ version: number }>(
        `update store.orders set status = $2, reason = $3, payment_id = case $2 when 'PENDING' then payment_id else 7000 + id end, version = version + 1
         where id = $1 returning version`,
        [id, status, reason],
      )
      return row?.version ?? 0
    })
  }

  /** How what Redis holds differs from the tables, by key, both ways. */
  differences(redis: Redis): Promise<string[]> {
    return readStoreDifferences(this.work, redis, linkTo)
  }

  async close(): Promise<void> {
    await this.closeInstances()
    await this.#projector.stop()
    await this.work.ports.database.close()
  }
}
