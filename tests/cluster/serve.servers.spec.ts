import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drain } from '../crash/drain.ts'
import { Client } from '../kit/client.ts'
import { comptoir } from '../kit/command.ts'
import type { StoreProcess } from '../kit/process.ts'
import { databaseUrl } from '../kit/servers/addresses.ts'
import { sampleCard } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

/** Far above a lease, after which another instance goes on with what one that stands still was asked for. */
const standsStillMs = 60_000

let database: OwnDatabase
beforeAll(async () => {
  database = await ownDatabase(databaseUrl())
})
afterAll(() => database.drop())

/** What a command says that ends by itself. */
async function ending(args: readonly string[], env: NodeJS.ProcessEnv) {
  const command = comptoir(args, { env })
  return { ...(await command.ended), text: command.stdout() + command.stderr() }
}

describe('comptoir serve on a PostgreSQL server', () => {
  it('starts many at once on an empty database: one of them makes it', async () => {
    const instances = await Promise.all(Array.from({ length: 4 }, () => startInstance(database.url)))
    const url = instances[0]?.url ?? ''
    for (const instance of instances) {
      expect(instance.json).toMatchObject({ mode: 'postgres', data: expect.stringContaining('postgres://') })
      const answer = await new Client(instance.url).post(
        '/store-api/orders',
        { user_id: 1, items: [{ product_id: 2, quantity: 1 }] },
        { prefer: 'wait=10' },
      )
      expect([answer.status, answer.json().status]).toEqual([201, 'PLACED'])
    }
    // Reads may lag behind what others have placed.
    const shown = async (path: string) => (await new Client(url).get(path)).json<{ quantity?: number; items?: [] }>()
    await until(
      'its level shows all orders',
      async () => (await shown('/store-api/stocks/2')).quantity === 500 - instances.length,
    )
    await until('the list, too', async () => (await shown('/store-api/orders')).items?.length === instances.length)
    // A cursor of one instance is good at another.
    const page = (await new Client(url).get('/store-api/orders?limit=2')).json<{ next: string }>()
    const next = await new Client(instances[1]?.url ?? '').get(
      `/store-api/orders?limit=2&cursor=${encodeURIComponent(page.next)}`,
    )
    expect(next.status).toBe(200)
    await Promise.all(instances.map((instance) => instance.stop()))
  })

  it('I12: a rebuild at one instance while another projects misses nothing', async () => {
    const [first, second] = [await startInstance(database.url), await startInstance(database.url)]
    const place = (url: string) =>
      new Client(url).post('/store-api/orders', { user_id: 1, items: [{ product_id: 1, quantity: 1 }] })
    for (let round = 0; round < 5; round += 1) {
      const orders = Array.from({ length: 20 }, (_, n) => place(n % 2 === 0 ? first.url : second.url))
      const rebuilt = await Promise.all([first, second].map(({ url }) => new Client(url).post('/store-api/read-model/rebuild')))
      expect(rebuilt.map(({ status }) => status)).toEqual([200, 200])
      expect((await Promise.all(orders)).every(({ status }) => status === 201)).toBe(true)
    }
    await drain(first.url)
    const differing = await database.look((db) =>
      db.query(
        `select id from store.orders as o left join store_view.orders as v on v.order_id = o.id
         where v.order_id is null or (v.status, v.version) is distinct from (o.status, o.version)`,
      ),
    )
    expect(differing).toEqual([])
    await Promise.all([first.stop(), second.stop()])
  })

  it("F6, I12: a rebuild whose process stood still does not put another one's unfinished work in place", async () => {
    const [first, second] = [await startInstance(database.url), await startInstance(database.url)]
    const rebuild = ({ url }: StoreProcess) => new Client(url, standsStillMs).post('/store-api/read-model/rebuild')
    const asked = rebuild(first)
    // A small store may be rebuilt before anybody sees it.
    await until(
      'it fills the second schema',
      () =>
        database.look(async (db) => (await db.query(`select from pg_namespace where nspname = 'store_view_next'`)).length > 0),
      1_000,
    ).catch(() => {})
    first.signal('SIGSTOP')
    // Waits for the lease of the first, and takes it.
    expect((await rebuild(second)).status).toBe(200)
    first.signal('SIGCONT')
    expect([200, 503]).toContain((await asked).status)
    await drain(second.url)
    const [differing] = await database.look((db) =>
      db.query(`select (select count(*)::int from store.orders) - (select count(*)::int from store_view.orders) as missing,
        (select count(*)::int from pg_namespace where nspname like 'store_view%') as schemas`),
    )
    expect(differing).toEqual({ missing: 0, schemas: 1 })
    await Promise.all([first.stop(), second.stop()])
  })

  it('each service alone has its routes at the root, and together they do what one process does', async () => {
    const store = await startInstance(database.url, ['--service', 'store'])
    const payments = await startInstance(database.url, ['--service', 'payments'])
    const [shop, till] = [new Client(store.url), new Client(payments.url)]
    const placed = await shop.post('/orders', { user_id: 1, items: [{ product_id: 2, quantity: 1 }] }, { prefer: 'wait=10' })
    expect([placed.status, placed.json().status]).toEqual([201, 'PLACED'])
    const { order_id } = placed.json<{ order_id: number }>()
    const { payment_link } = (await shop.get(`/orders/${order_id}`)).json<{ payment_link: string }>()
    expect((await till.get('/')).json()).toEqual({ service: 'PaymentMicroservice', status: 'running' })
    const paid = await till.post(`/payments/process/${payment_link.split('/').at(-1)}`, sampleCard)
    expect([paid.status, paid.json().is_paid]).toEqual([200, true])
    await until('the order is paid', async () => (await shop.get(`/orders/${order_id}`)).json().status === 'PAID')
    expect((await till.get('/orders/1001')).status).toBe(404)
    const places = { STORE_URL: store.url, PAYMENTS_URL: `http://127.0.0.1:1,${payments.url}` }
    const orchestrator = await startInstance({ DATABASE_URL: database.url, ...places }, ['--service', 'orchestrator'])
    const driver = new Client(orchestrator.url)
    for (const path of ['/saga/order', '/saga-api/saga/order']) {
      const answer = await driver.post(path, { user_id: 1, items: [{ product_id: 2, quantity: 1 }] })
      expect([answer.status, answer.json().status], answer.text).toEqual([200, 'OK'])
      const { order_id, saga_id } = answer.json<{ order_id: number; saga_id: string }>()
      expect((await shop.get(`/orders/${order_id}`)).json()).toMatchObject({ status: 'PLACED', saga_id })
      // Whichever service shows it: the sagas of all that share the database.
      for (const client of [driver, shop])
        expect((await client.get(`/saga-api/sagas/${saga_id}`)).json()).toMatchObject({ style: 'http', order_id })
    }
    expect((await driver.get('/health-check')).json()).toEqual({ status: 'ok' })
    expect(orchestrator.json.saga).toBe(`${orchestrator.url}/saga-api`)
    await Promise.all([store.stop(), payments.stop(), orchestrator.stop()])
  })

  it.each([
    ['a text that is no address', 'comptoir', 'is no address of a PostgreSQL database'],
    ['a server that is not there', 'postgres://someone:secret@127.0.0.1:1/shop', 'Is the server running'],
    ['a database that is not there', () => databaseUrl().replace(/\/[^/]*$/, '/nowhere'), 'cannot be used'],
  ])('%s: says so, and what to do, and ends with 1', async (_, url, words) => {
    const { code, text } = await ending(['serve', '--json', '--port', '0'], {
      DATABASE_URL: typeof url === 'string' ? url : url(),
    })
    expect(code).toBe(1)
    expect(text).toContain(words)
    expect(text).not.toContain('secret')
    expect(text).not.toMatch(/^\s+at /m)
  })
})

describe('comptoir doctor', () => {
  it('names who does the work; and with nobody there, what to do', async () => {
    const instance = await startInstance(database.url)
    const told = await until('every lease is held', async () => {
      const { code, text } = await ending(['doctor'], { DATABASE_URL: database.url })
      return code === 0 && text
    })
    expect(told).toMatch(/^ok {2}PostgreSQL \d+/m)
    expect(told).toMatch(/^ok {2}store is done by comptoir /m)
    await instance.stop()
    const { code, text } = await ending(['doctor'], { DATABASE_URL: database.url })
    expect(code).toBe(1)
    expect(text).toContain('!!  nobody does the work of payments: start an instance')
  })

  it('F20: names a transaction that writes for long', async () => {
    await database.look((db) =>
      db.transaction(async (tx) => {
        // Doctor may take longer than one may idle.
        await tx.query('set local idle_in_transaction_session_timeout = 0')
        await tx.query('select pg_current_xact_id()')
        const told = await until('it is named', async () => {
          const { text } = await ending(['doctor'], { DATABASE_URL: database.url })
          return text.includes('writes since') && text
        })
        expect(told).toMatch(/process \d+ in database test_\w+ \(idle in transaction\) writes since \d+ s/)
      }),
    )
  })

  it('without a server, looks at the folder', async () => {
    const { code, text } = await ending(['doctor', '--data', '/nowhere'], { DATABASE_URL: '' })
    expect([code, text]).toEqual([0, expect.stringContaining('has no store yet')])
  })
})
