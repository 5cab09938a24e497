import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type PostgresServer, startPostgres } from '../../scripts/servers/postgres.mjs'
import { Acknowledged } from '../crash/acknowledged.ts'
import { drain } from '../crash/drain.ts'
import { checkInvariants } from '../crash/invariants.ts'
import { comptoir } from '../kit/command.ts'
import { kafkaBrokers } from '../kit/servers/addresses.ts'
import { Shop } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

/** The catalogue says 60: the horizon is held from the first moment on, and longer proves no more. */
const heldSeconds = 8
/** An instance looks every five seconds for what holds it for five; far above both. */
const lookMs = 60_000

// A server of its own: the horizon is all databases'.
let server: PostgresServer
let elsewhere: OwnDatabase
beforeAll(async () => {
  server = await startPostgres({ settings: { max_prepared_transactions: '1' } })
  elsewhere = await ownDatabase(server.url)
})
afterAll(() => server.stop('kill'))

/** A transaction in another database that writes until it is ended, as operators are told to end it. */
function hold() {
  let pid = 0
  const holding = elsewhere
    .look((db) =>
      db.transaction(async (tx) => {
        await tx.query('set local statement_timeout = 0')
        const [row] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid, pg_current_xact_id()')
        pid = row?.pid ?? 0
        await tx.query('select pg_sleep(600)')
      }),
    )
    .catch(() => {})
  const end = async () => {
    await elsewhere.look((db) => db.query('select pg_terminate_backend($1::int)', [pid]))
    await holding
  }
  onTestFinished(end)
  return {
    pid: () => pid > 0 && pid,
    end,
    isOlderThan: (seconds: number) =>
      elsewhere.look(async (db) => {
        const open = `select from pg_stat_activity where pid = $1 and backend_xid is not null and xact_start < clock_timestamp() - make_interval(secs => $2)`
        return (await db.query(open, [pid, seconds])).length > 0
      }),
  }
}

it.each([
  ['on the logs', () => ({})],
  ['with Kafka', () => ({ KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: `horizon-${randomUUID()}.` })],
])(
  `F20, I5, I8, I20: %s, while a transaction writes for ${heldSeconds} s in another database, orders are taken and doctor names it; after it all have ended`,
  async (_, links) => {
    const shop = await ownDatabase(server.url)
    const env = { DATABASE_URL: shop.url, ...links() }
    const instances = await Promise.all([startInstance(env), startInstance(env)])
    const clients = instances.map(({ url }) => new Shop(url))
    const acknowledged = new Acknowledged()
    const items = [{ product_id: 1, quantity: 1 }]
    const orders: number[] = []
    const accept = async (client: Shop) => {
      const id = await client.accept(items)
      orders.push(id)
      acknowledged.orders.set(id, { user_id: 1, items, key: undefined })
    }
    for (const client of clients) await accept(client)

    const holder = hold()
    await until('it writes', holder.pid)
    for (let n = 0; n < 5; n += 1) await Promise.all(clients.map(accept))
    const { pathname } = new URL(elsewhere.url)
    const named = new RegExp(
      `^!!  process \\d+ in database ${pathname.slice(1)} \\(active\\) writes since \\d+ s: .+: end it \\(select pg_terminate_backend\\(\\d+\\)\\)$`,
      'm',
    )
    await until('doctor names it', async () => {
      const command = comptoir(['doctor'], { env })
      return (await command.ended).code === 1 && named.test(command.stdout())
    })
    await Promise.all(clients.map(accept))
    await until(`it has written for ${heldSeconds} s`, () => holder.isOlderThan(heldSeconds))
    await holder.end()
    for (const id of orders) expect((await clients[1]?.orderAtRest(id))?.status).toBe('PLACED')
    await drain(instances[0]?.url ?? '')
    for (const instance of instances) expect((await instance.stop()).code, instance.output()).toBe(0)
    expect(await shop.look((db) => checkInvariants(db, acknowledged))).toEqual([])
  },
  120_000,
)

it('F20: a running instance and doctor name who holds the horizon, the oldest first: pid, database and gid', async () => {
  const shop = await ownDatabase(server.url)
  const env = { DATABASE_URL: shop.url }
  const instance = await startInstance(env)
  const client = new Shop(instance.url)
  const gid = `forgotten-${randomUUID()}`
  const { pathname } = new URL(elsewhere.url)
  const there = `in database ${pathname.slice(1)}`
  await elsewhere.look((db) => db.script(`begin; select pg_current_xact_id(); prepare transaction '${gid}'`))
  const holder = hold()
  try {
    const pid = await until('the other one writes, too', holder.pid)
    const [prepared, process] = [`prepared transaction ${gid} ${there}`, `process ${pid} ${there} (active)`]
    const warned = await until(
      'both are in the log',
      () => {
        const lines = instance
          .output()
          .split('\n')
          .filter((line) => line.includes('a transaction holds the horizon'))
        return lines.some((line) => line.includes(prepared)) && lines.some((line) => line.includes(process)) && lines
      },
      lookMs,
    )
    expect(warned.join('\n')).toContain(`rollback prepared '${gid}'`)
    const metrics = await client.get('/metrics')
    expect(metrics.text).toMatch(/^comptoir_horizon_held_seconds ([5-9]|\d\d+)$/m)
    const command = comptoir(['doctor'], { env })
    expect((await command.ended).code).toBe(1)
    const named = command
      .stdout()
      .split('\n')
      .filter((line) => / writes since /.test(line))
    expect(named.map((line) => line.replace(/ writes since .*/, ''))).toEqual([`!!  ${prepared}`, `!!  ${process}`])
    // Of each it is told once.
    expect(new Set(warned).size).toBe(2)
  } finally {
    // As they are told to.
    await holder.end()
    await elsewhere.look((db) => db.script(`rollback prepared '${gid}'`))
  }
  await until('nothing holds it any more', async () =>
    /^comptoir_horizon_held_seconds 0$/m.test((await client.get('/metrics')).text),
  )
  expect((await instance.stop()).code, instance.output()).toBe(0)
}, 120_000)
