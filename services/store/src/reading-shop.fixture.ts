import { createServer } from '@comptoir/http'
import {
  type Database,
  engineMigrations,
  lonePorts,
  migrate,
  Projector,
  raiseEpoch,
  type Service,
  sharedMigrations,
} from '@comptoir/runtime'
import type { FastifyInstance } from 'fastify'
import type { EntryReads } from './entry-reads.ts'
import { ordersApi } from './orders/api.ts'
import type { OrderStatus } from './orders/order.ts'
import { productsApi } from './products/api.ts'
import { projectReadModel } from './read-model.ts'
import { ReadWaits } from './read-waits.ts'
import { seedStore } from './seed/seed.ts'
import { stockApi } from './stock/api.ts'
import { graphqlApi } from './stock/graphql/api.ts'
import { storeMigrations, storeService } from './store.ts'

export const linkTo = (payment: number) => `http://shop.example/payments-api/payments/process/${payment}`

/** What clients of one instance ask. */
export interface Counter {
  readonly app: FastifyInstance
  readonly waits: ReadWaits
  /** How many statements it has sent to the database outside of transactions. */
  readonly statements: () => number
}

/** The store in an empty database, with the demo data. */
export async function seededStore(database: Database): Promise<Service> {
  await migrate(database, [sharedMigrations, engineMigrations('store'), ...storeMigrations])
  const work = storeService(lonePorts(database), await raiseEpoch(database, ['store']))
  await seedStore(work)
  return work
}

/** A store whose instances share one database, with the projection of its read model. */
export class ReadingShop {
  readonly work: Service
  /** What ends what reads, in the order of its beginning. */
  protected readonly closing: (() => Promise<unknown>)[] = []
  #projector: Projector

  constructor(work: Service) {
    this.work = work
    this.#projector = new Projector(work, projectReadModel)
  }

  /** Begins to keep the read model. */
  async start(): Promise<this> {
    await this.#projector.start()
    return this
  }

  /** Stops the projection of the tables; answers what starts it again. */
  async standStill(): Promise<() => Promise<void>> {
    await this.#projector.stop()
    return async () => {
      this.#projector = new Projector(this.work, projectReadModel)
      await this.#projector.start()
    }
  }

  /** Opens an instance as this shop has them. */
  counter(): Promise<Counter> {
    return this.plain()
  }

  /** Opens an instance that reads the tables alone. */
  plain(): Promise<Counter> {
    return this.instance(undefined)
  }

  /** @param entries the read store, where there is one */
  protected async instance(entries: EntryReads | undefined): Promise<Counter> {
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
    const waits = new ReadWaits(counted, work.ports.signals, entries && { entries, linkTo })
    const app = createServer({ allowedHosts: 'any' })
    await app.register(productsApi(counted))
    await app.register(stockApi(counted, waits, entries))
    await app.register(graphqlApi(counted, waits, entries))
    await app.register(ordersApi({ work: counted, waits, linkTo, cursorSecret: Buffer.alloc(32, 7) }))
    this.closing.push(() => app.close())
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

  /** Ends all that reads. */
  async closeInstances(): Promise<void> {
    for (const close of this.closing.splice(0).reverse()) await close()
  }

  async close(): Promise<void> {
    await this.closeInstances()
    await this.#projector.stop()
    await this.work.ports.database.close()
  }
}
