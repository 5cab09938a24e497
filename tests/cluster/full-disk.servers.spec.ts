import { readFileSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { startPostgres } from '../../scripts/servers/postgres.mjs'
import { runs } from '../../scripts/servers/processes.mjs'
import { levelsSeen } from '../crash/outside.ts'
import { Random } from '../crash/random.ts'
import { Client } from '../kit/client.ts'
import { until } from '../kit/wait.ts'
import { ownDatabase } from './database.ts'
import { endRightly } from './ending.ts'
import { Member } from './member.ts'
import { noSmallDisks, smallDisk } from './small-disk.ts'

const seed = Number(process.env.COMPTOIR_CRASH_SEED ?? Date.now() % 2 ** 31)
const acknowledgements = 100
const order = { user_id: 1, items: [{ product_id: 1, quantity: 1 }] }

/** Until the clients of the store have heard so much more. */
const work = ({ load }: Member, what: string) => {
  const before = load.acknowledged.count
  return until(what, () => load.acknowledged.count - before >= acknowledgements, 60_000)
}

/** Waits until an order is not taken, which must say so properly. */
async function refusal(client: Client): Promise<string> {
  const answer = await until('an order is refused', async () => {
    const given = await client.post('/store-api/orders', order)
    return given.status !== 201 && given
  })
  expect(answer.status, answer.text).toBe(503)
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  return answer.json<{ detail: string }>().detail
}

it.skipIf(noSmallDisks)(
  `F25, I15: a store whose tables' disk is full refuses orders with 503 and says what to do, and goes on when there is room: I1 to I9, I12, I14, I15, I17, I19 and I20 hold (random seed ${seed})`,
  async () => {
    const disk = smallDisk(96)
    const server = await startPostgres()
    onTestFinished(() => server.stop('kill'))
    const database = await ownDatabase(server.url)
    const elsewhere = await ownDatabase(server.url)
    await elsewhere.look(async (db) => {
      await db.query(`create tablespace small location '${disk.path}'`)
      await db.query(`alter database ${new URL(database.url).pathname.slice(1)} set tablespace small`)
    })
    const member = await Member.start(new Random(seed), 0, { DATABASE_URL: database.url })
    const levels = await levelsSeen(member.store.url)
    member.open()
    await work(member, 'it works')

    disk.fill()
    const client = new Client(member.store.url)
    expect(await refusal(client)).toContain('The disk of the database is full. Nothing was done')
    await until('it is not ready, and says why', async () => {
      const { status, text } = await client.get('/readyz')
      return status === 503 && text.includes('No space left on device') && text.includes('make room on the disk')
    })
    expect((await client.get('/store-api/orders')).status, 'orders can be read').toBe(200)

    disk.free()
    await work(member, 'it goes on')
    await endRightly([member], database, levels)
  },
  180_000,
)

it.skipIf(noSmallDisks)(
  `F25, F23, I15: a server that dies because it cannot write its log has all that was acknowledged when there is room again, and I1 to I9, I12, I14, I15, I17, I19 and I20 hold (random seed ${seed})`,
  async () => {
    const disk = smallDisk(192)
    // So large that no checkpoint comes meanwhile, which would find no room for other files first.
    const server = await startPostgres({ folder: disk.path, settings: { max_wal_size: '4GB' } })
    onTestFinished(() => server.stop('kill'))
    const database = await ownDatabase(server.url)
    const member = await Member.start(new Random(seed), 0, { DATABASE_URL: database.url })
    const levels = await levelsSeen(member.store.url)
    member.open()
    await work(member, 'it works')

    disk.fill()
    // One piece of its log after the other, until there is no room for the next.
    const died = async () => {
      await database.look((db) => db.query('select pg_switch_wal()')).catch(() => {})
      return !runs(server.pid)
    }
    await until('it has died', died, 60_000)
    expect(await refusal(new Client(member.store.url))).toContain('The database does not answer just now')

    disk.free()
    expect(readFileSync(server.log, 'utf8')).toMatch(/PANIC: {2}could not write to file "pg_wal.*No space left on device/)
    await server.stop()
    await server.start()
    await work(member, 'it goes on')
    await endRightly([member], database, levels)
  },
  180_000,
)
