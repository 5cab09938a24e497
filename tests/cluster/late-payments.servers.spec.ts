import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { Client } from '../kit/client.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { until } from '../kit/wait.ts'
import { ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

/** More than one batch, so that what was asked first is not all in hand when the settling is read. */
const orders = 600

it.each([
  ['PostgreSQL', () => ({})],
  ['Kafka', () => ({ KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: `late-${randomUUID()}.` })],
] as const)(
  'F36, I3, I4: orders past their deadline while payments is away are cancelled when it comes back, though their payments were asked for before (%s)',
  async (_, links) => {
    const database = await ownDatabase(databaseUrl())
    onTestFinished(() => database.drop())
    const env: NodeJS.ProcessEnv = { DATABASE_URL: database.url, ...links() }
    const store = await startInstance(env, ['--service', 'store'])
    onTestFinished(async () => void (await store.stop()))
    const shop = new Client(store.url)
    const place = async () => {
      const placed = await shop.post('/orders', { user_id: 1, items: [{ product_id: 1, quantity: 1 }] })
      expect(placed.status).toBe(201)
    }
    const stock = async () => (await shop.get('/stocks/1')).json<{ quantity: number }>().quantity
    const [before, afterwards] = [await stock(), `select status, reason, count(*)::int as n from store.orders group by 1, 2`]
    const waiting = (mailbox: string, type: string) => () =>
      database.look(async (db) => {
        const rows = await db.query(`select from store.log where mailbox = $1 and type = $2`, [mailbox, type])
        return rows.length >= orders
      })
    const published = () =>
      database.look(async (db) => {
        const left = `select from store.log as l left join store.position as p on p.consumer = l.mailbox || '/relay'
          where l.mailbox = 'payments.control' and (l.epoch, l.txid, l.pos) <= (p.epoch, p.txid, p.pos) is not true`
        return (await db.query(left)).length === 0
      })
    for (let begun = 0; begun < orders; begun += 50) await Promise.all(Array.from({ length: 50 }, place))
    await until('all payments are asked for', waiting('payments', 'StockDecreased'))
    await database.look((db) => db.query('update store.saga_open set due = comptoir.now()'))
    await until('all are settled', waiting('payments.control', 'settle:createPayment'))
    // Who comes back looks first whether the broker holds such, and not for those that are still on their way there.
    if (env.KAFKA_BROKERS) await until('the broker has them', published)

    const payments = await startInstance(env, ['--service', 'payments'])
    onTestFinished(async () => void (await payments.stop()))
    await until(
      'all sagas have ended',
      () => database.look(async (db) => (await db.query('select from store.saga_open')).length === 0),
      60_000,
    )
    expect(await database.look((db) => db.query(afterwards))).toEqual([{ status: 'CANCELLED', reason: 'error', n: orders }])
    expect(await database.look((db) => db.query(`select from payments.payments where total is not null`))).toEqual([])
    await until('the stock is back', async () => (await stock()) === before)
  },
  180_000,
)
