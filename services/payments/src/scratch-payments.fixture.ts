import { placeOrder } from '@comptoir/contracts'
import { createServer } from '@comptoir/http'
import {
  type Consumer,
  type Database,
  engineMigrations,
  LogConsumer,
  lonePorts,
  migrate,
  raiseEpoch,
  Service,
  sharedMigrations,
} from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { sendingAfter, stepOf } from '@comptoir/saga'
import type { FastifyInstance } from 'fastify'
import { paymentsApi } from './api.ts'
import { paymentsMigrations, paymentsService } from './service.ts'

/** Payments in memory for tests, beside a store that has no tables and only writes to its log. */
export interface ScratchPayments {
  readonly database: Database
  readonly payments: Service
  readonly store: Service
  readonly app: FastifyInstance
  /** What the edge takes for the time, in milliseconds since 1970. */
  now: number
  /** What the edge is told to wait for after a payment. Default: nothing. */
  paid: (order: number) => Promise<unknown>
  /** Sends the message that asks for createPayment, as the store's last step would; answers the saga's id. */
  askForPayment(order: { order: number; user: number; total: number }): Promise<string>
  /** What payments has sent to the store, in the order of the commits. */
  sent(): Promise<readonly { type: string; key: string; data: unknown }[]>
  /** The consumer of the payments mailbox, which does not run by itself. */
  consumer(): Consumer
  /** Every row of every table, as text. */
  dump(): Promise<string>
  /** Empties the tables, and numbers new payments from 1 again. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** Longest that opening may take, in milliseconds: a new database is a second of work, and test files share the machine. */
export const OPENING_MS = 60_000
/** The largest payment of the scratch service, in minor units. */
export const CEILING = 100_000
const services = ['store', 'payments'] as const

export async function openScratchPayments(): Promise<ScratchPayments> {
  const database = await openPglite()
  await migrate(database, [sharedMigrations, ...services.map(engineMigrations), ...paymentsMigrations])
  const epoch = await raiseEpoch(database, services)
  const ports = lonePorts(database)
  const payments = paymentsService(ports, epoch, CEILING)
  const store = new Service({ ...ports, epoch, name: 'store', participants: [] })
  const app = createServer({ allowedHosts: 'any' })
  const scratch: ScratchPayments = {
    database,
    payments,
    store,
    app,
    now: Date.UTC(2026, 0, 15, 12),
    paid: async () => {},
    askForPayment: ({ order, user, total }) => askForPayment(store, order, user, total),
    async sent() {
      const rows = await database.query<{ type: string; key: string; body: string }>(selectSent)
      return rows.map(({ type, key, body }) => ({ type, key, data: JSON.parse(body) as unknown }))
    },
    consumer: () => new LogConsumer(payments, services),
    dump: () => dump(database),
    async clear() {
      scratch.now = Date.UTC(2026, 0, 15, 12)
      scratch.paid = async () => {}
      await database.script(CLEAR)
    },
    async close() {
      await app.close()
      await database.close()
    },
  }
  const clock = { now: () => scratch.now }
  await app.register(paymentsApi({ work: payments, clock, ceiling: CEILING, paid: (order) => scratch.paid(order) }))
  return scratch
}

async function askForPayment(store: Service, order: number, user: number, total: number): Promise<string> {
  const sending = sendingAfter(placeOrder, stepOf(placeOrder, 'decreaseStock'), 'done')
  if (sending === undefined) throw new Error('decreaseStock is followed by nothing')
  const saga = store.ports.ids.uuid()
  const data = {
    input: { user_id: user, items: [] },
    createOrder: { order_id: order, total_amount: total / 100 },
    decreaseStock: {},
  }
  await store.commit(async (unit) => unit.send(placeOrder, saga, sending, data), 'work.beforeCommit', 'work.afterCommit')
  return saga
}

async function dump(database: Database): Promise<string> {
  const all = await database.query<{ name: string }>(selectTables)
  // Its 19 digits that tell one server from another pass for a card number once in ten.
  const tables = all.filter(({ name }) => name !== 'comptoir.epoch')
  const texts = await Promise.all(
    tables.map(({ name }) => database.query<{ row: string }>(`select t::text as row from ${name} as t`)),
  )
  return texts.flatMap((rows) => rows.map(({ row }) => row)).join('\n')
}

const CLEAR = `
  truncate payments.payments, payments.holds, payments.log, payments.inbox, payments.idempotency_key, store.log, store.saga restart identity`

const selectSent = `select type, key, body from payments.log where mailbox in ('store', 'store.control') order by epoch, txid, pos`

const selectTables = `
  select table_schema || '.' || table_name as name from information_schema.tables
  where table_schema in ('comptoir', 'store', 'payments') and table_type = 'BASE TABLE' order by 1`
