import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { tcpProxy } from '../../packages/runtime/src/testing/tcp-proxy.ts'
import { type PostgresServer, startPostgres } from '../../scripts/servers/postgres.mjs'
import { standsStill } from '../../scripts/servers/processes.mjs'
import { levelsSeen } from '../crash/outside.ts'
import { Random } from '../crash/random.ts'
import { Shop } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { ownDatabase } from './database.ts'
import { endRightly } from './ending.ts'
import { Member } from './member.ts'

const seed = Number(process.env.COMPTOIR_CRASH_SEED ?? Date.now() % 2 ** 31)
/** In the middle of the load. */
const passage = 40
const acknowledgements = 30
/** A lease, and what a busy machine takes to notice. */
const takeoverMs = 15_000

// A server of its own, whose log tells how a connection was ended.
let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ settings: { log_line_prefix: '[%p] ' } })
})
afterAll(() => server.stop('kill'))

/**
 * The server ends a transaction that idles for two seconds, before a lease is over, so that nobody would miss whoever takes
 * over and forgets to. Here it waits for nine hours.
 */
const patient = (chunk: Buffer): undefined => {
  const setting = `idle_in_transaction_session_timeout = '`
  const at = chunk.indexOf(`${setting}2s'`)
  if (at >= 0) chunk.write('9h', at + setting.length)
}

it.each(['consumer.afterLocks', 'projection.beforeCommit'])(
  `F6, I5: an owner stands still inside its transaction at %s: whoever takes over ends that and goes on, the owner notices when it is back, and I1 to I9, I12, I14, I15, I17, I19 and I20 hold (random seed ${seed})`,
  async (point) => {
    const database = await ownDatabase(server.url)
    onTestFinished(() => database.drop())
    const way = await tcpProxy(database.url)
    onTestFinished(() => way.close())
    way.onRequest = patient
    const env = { DATABASE_URL: way.through(database.url) }
    // The first one owns everything, the other stands by.
    const owner = await Member.start(new Random(seed), 0, env, { armed: { COMPTOIR_STOP_AT: `${point}:${passage}` } })
    const other = await Member.start(new Random(seed + 1), 1, env)
    const levels = await levelsSeen(other.store.url)
    for (const member of [owner, other]) member.open()

    const { pid } = owner.store
    await until('the owner stands still', () => standsStill(pid))
    onTestFinished(() => void (standsStill(pid) && owner.store.signal('SIGCONT')))
    const frozen = () =>
      database.look(async (db) => {
        const rows = await db.query<{ pid: number }>(
          `select pid from pg_stat_activity
           where application_name like $1 and state = 'idle in transaction' and backend_xid is not null`,
          [`comptoir % ${pid} %`],
        )
        return rows.map((row) => row.pid)
      })
    const backends = await frozen()
    expect(backends, 'connections that hold row locks').not.toEqual([])
    await until('they are gone', async () => (await frozen()).length === 0, takeoverMs)
    const said = readFileSync(server.log, 'utf8')
    for (const backend of backends)
      expect(said).toContain(`[${backend}] FATAL:  terminating connection due to administrator command`)
    const order = await new Shop(other.store.url).placed([{ product_id: 1, quantity: 1 }])
    expect(order.status).toBe('PLACED')
    expect(standsStill(pid), 'the owner still stands').toBe(true)

    owner.store.signal('SIGCONT')
    const more = (member: Member) => {
      const before = member.load.acknowledged.count
      return until('work goes on', () => member.load.acknowledged.count - before >= acknowledgements, 60_000)
    }
    await Promise.all([owner, other].map(more))
    await endRightly([other, owner], database, levels)
  },
  180_000,
)
