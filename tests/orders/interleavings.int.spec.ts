import { placeOrder } from '@comptoir/contracts'
import { paymentsService } from '@comptoir/payments'
import { type Database, type LoggedMessage, lonePorts, mailboxesOf, raiseEpoch, type Service } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { storeService } from '@comptoir/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrateAll } from '../../apps/comptoir/src/instance.ts'
import { handleBatch } from '../../packages/runtime/src/consuming/batch.ts'
import { pay } from '../../services/payments/src/payments.ts'
import { requestCancellation } from '../../services/store/src/orders/commands.ts'
import { expireOrders } from '../../services/store/src/orders/expiry.ts'

/**
 * Every order in which the transactions of one order can be committed, on the real handlers and tables: each message that was
 * sent may be handled next, and each client may act next. A schedule is a list of choices; all are tried, from the first on.
 */
let database: Database
let services: Readonly<Record<'store' | 'payments', Service>>
const stock = 5

beforeAll(async () => {
  database = await openPglite()
  await migrateAll(database)
  const epoch = await raiseEpoch(database, ['store', 'payments'])
  const ports = lonePorts(database)
  services = { store: storeService(ports, epoch, 0), payments: paymentsService(ports, epoch) }
  await database.query(`insert into store.users (name, email, email_key) values ('a', 'a@example.com', 'a@example.com')`)
  await database.query(`insert into store.products (name, sku, price) values ('p', 'P', 250)`)
  await database.query('insert into store.stocks (product_id, quantity) select id, $1 from store.products', [stock])
})
afterAll(() => database.close())

type Actor = 'cancel' | 'cancel again' | 'expire' | 'pay' | 'take'
type Mail = LoggedMessage & { readonly mailbox: string; readonly addressee: 'store' | 'payments' }
type Move = { readonly name: string; run(): Promise<unknown> }

async function reset(): Promise<void> {
  await database.transaction(async (tx) => {
    for (const table of ['orders', 'order_items', 'order_expiry', 'stock_ledger', 'saga', 'saga_open', 'inbox', 'log'])
      void tx.query(`delete from store.${table}`)
    for (const table of ['payments', 'inbox', 'log']) void tx.query(`delete from payments.${table}`)
    await tx.query('update store.stocks set quantity = $1', [stock])
  })
}

const key = ({ source, pos }: LoggedMessage) => `${source} ${pos}`

/** One order from its request on, with these clients, who each act once. */
class Story {
  readonly #handled = new Set<string>()
  readonly #actors: Set<Actor>
  readonly trace: string[] = []

  constructor(actors: readonly Actor[]) {
    this.#actors = new Set(actors)
  }

  async begin(): Promise<void> {
    const { store } = services
    const input = { user_id: 1, items: [{ product_id: 1, quantity: 2 }] }
    await store.transaction(async (unit) => unit.begin(placeOrder, [{ id: store.ports.ids.uuid(), input }]))
    await this.step('PlaceOrderRequested')
  }

  /** Handles the one message of that type. */
  async step(type: string): Promise<void> {
    const next = (await this.moves()).find(({ name }) => name === type)
    await next?.run()
  }

  /** What may come next: of each mailbox the first message that was not handled, of each log and key; and each client. */
  async moves(): Promise<Move[]> {
    const rows = await database.query<Mail>(
      `select 'store' as source, mailbox, split_part(mailbox, '.', 1) as addressee, epoch, txid::text as txid, pos, key, type, id, definition, body, 0 as created from store.log where mailbox = any($1)
       union all
       select 'payments', mailbox, split_part(mailbox, '.', 1), epoch, txid::text, pos, key, type, id, definition, body, 0 from payments.log where mailbox = any($1)
       order by 1, 6`,
      [mailboxesOf(['store', 'payments'])],
    )
    const first = new Map<string, (typeof rows)[number]>()
    for (const row of rows) {
      const lane = `${row.source} ${row.mailbox} ${row.key}`
      if (!this.#handled.has(key(row)) && !first.has(lane)) first.set(lane, row)
    }
    const [payment] = await database.query<{ id: number; order_id: number }>(
      `select id, order_id from payments.payments where total is not null`,
    )
    const acts: Readonly<Record<Actor, (() => Promise<unknown>) | undefined>> = {
      cancel: async () => requestCancellation(services.store, await order()),
      'cancel again': async () => requestCancellation(services.store, await order()),
      expire: () => services.store.transaction((unit) => expireOrders(unit, 10)),
      pay: payment && (() => services.payments.transaction((unit) => pay(unit, 'id', [payment.id]))),
      take: payment && (() => services.payments.transaction((unit) => pay(unit, 'order_id', [payment.order_id]))),
    }
    const clients = [...this.#actors].flatMap((actor): Move[] => {
      const act = acts[actor]
      return act ? [{ name: actor, run: () => this.#act(actor, act) }] : []
    })
    return [...clients, ...[...first.values()].map((message) => ({ name: message.type, run: () => this.#handle(message) }))]
  }

  #act(actor: Actor, act: () => Promise<unknown>): Promise<unknown> {
    this.#actors.delete(actor)
    return act()
  }

  async #handle(message: Mail): Promise<void> {
    const service = services[message.addressee]
    this.#handled.add(key(message))
    await service.commit(
      (unit) => handleBatch(unit, service, [service.routing.item(message)]),
      'consumer.beforeCommit',
      'consumer.afterCommit',
    )
  }
}

const order = async (): Promise<number> => (await database.query<{ id: number }>('select id from store.orders'))[0]?.id ?? 0

/** Tries every schedule; answers how many there were, and how often each end was met. */
async function explore(
  actors: readonly Actor[],
  beginAt: readonly string[],
): Promise<{ schedules: number; ends: Record<string, number> }> {
  const ends: Record<string, number> = {}
  const choices: number[] = []
  const options: number[] = []
  for (let schedules = 1; ; schedules += 1) {
    await reset()
    const story = new Story(actors)
    await story.begin()
    for (const type of beginAt) await story.step(type)
    options.length = 0
    for (let depth = 0; ; depth += 1) {
      const moves = await story.moves()
      if (moves.length === 0) break
      options.push(moves.length)
      if (depth === choices.length) choices.push(0)
      const move = moves[choices[depth] ?? 0] as Move
      story.trace.push(move.name)
      await move.run()
    }
    const end = await judge(story.trace)
    ends[end] = (ends[end] ?? 0) + 1
    choices.length = options.length
    while (choices.length > 0 && (choices.at(-1) ?? 0) + 1 >= (options[choices.length - 1] ?? 0)) choices.pop()
    if (choices.length === 0) return { schedules, ends }
    choices[choices.length - 1] = (choices.at(-1) ?? 0) + 1
  }
}

/** The state at rest must agree: the order, its payment, the stock and the ledger, and every saga has ended. */
async function judge(trace: readonly string[]): Promise<string> {
  const [row] = await database.query<{
    status: string
    reason: string | null
    payment: string
    stock: number
    ledger: number
    open: number
    waits: number
  }>(
    `select o.status, o.reason, p.status as payment, s.quantity as stock, (select coalesce(sum(delta), 0)::int from store.stock_ledger) as ledger,
       (select count(*)::int from store.saga_open) as open, (select count(*)::int from store.order_expiry) as waits
     from store.orders as o join payments.payments as p on p.order_id = o.id cross join store.stocks as s`,
  )
  const agreed: Readonly<Record<string, object>> = {
    PLACED: { payment: 'OPEN', stock: stock - 2, ledger: -2, reason: null, waits: 1 },
    PAID: { payment: 'PAID', stock: stock - 2, ledger: -2, reason: null, waits: 0 },
    CANCELLED: { payment: 'CLOSED', stock, ledger: 0, reason: 'cancelled', waits: 0 },
    EXPIRED: { payment: 'CLOSED', stock, ledger: 0, reason: 'expired', waits: 0 },
  }
  expect({ ...row }, trace.join(', ')).toEqual({ status: row?.status, open: 0, ...agreed[row?.status ?? ''] })
  return row?.status ?? ''
}

const placed = ['OrderCreated', 'StockDecreased', 'PaymentCreated']

describe('I2, I4, F45: whatever is committed first, the order, its payment and the stock agree', () => {
  it.each([
    {
      actors: ['cancel', 'pay', 'take', 'expire'],
      from: placed,
      schedules: 736,
      ends: { PAID: 592, CANCELLED: 72, EXPIRED: 72 },
    },
    { actors: ['cancel', 'cancel again', 'pay'], from: placed, schedules: 86, ends: { PAID: 56, CANCELLED: 30 } },
    // A wish that comes before the order is placed settles its saga, too.
    { actors: ['cancel'], from: [], schedules: 178, ends: { CANCELLED: 178 } },
    { actors: ['cancel', 'pay'], from: ['OrderCreated', 'StockDecreased'], schedules: 623, ends: { PAID: 452, CANCELLED: 171 } },
  ] as const)('$schedules schedules of $actors, after $from', { timeout: 120_000 }, async ({ actors, from, schedules, ends }) => {
    expect(await explore(actors, from)).toEqual({ schedules, ends })
  })
})
