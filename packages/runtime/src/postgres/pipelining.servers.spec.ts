import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ScratchDatabase, scratchDatabase, serverUrl } from '../testing/scratch-postgres.ts'
import { type TcpProxy, tcpProxy } from '../testing/tcp-proxy.ts'
import { openPostgres, type PostgresDatabase } from './database.ts'

describe.skipIf(!serverUrl)('statements travel together', () => {
  let scratch: ScratchDatabase
  let proxy: TcpProxy
  let db: PostgresDatabase
  const requests: Buffer[] = []
  beforeAll(async () => {
    scratch = await scratchDatabase()
    proxy = await tcpProxy(scratch.url)
    proxy.onRequest = (chunk) => {
      requests.push(chunk)
      return true
    }
    db = await openPostgres({ url: proxy.through(scratch.url), application: 'pipelining', connections: 2 })
    await db.script('create table item (id int primary key, data jsonb)')
    // Each text is asked about once, by whichever connection sees it first.
    await db.transaction(async (tx) => void (await insertFive(tx.query.bind(tx))))
    await db.query('select count(*) from item')
  })
  afterAll(async () => {
    await db?.close()
    await proxy?.close()
    await scratch?.drop()
  })
  beforeEach(async () => {
    await db.query('delete from item')
    requests.length = 0
  })

  const insertFive = (query: PostgresDatabase['query']) =>
    Promise.all([1, 2, 3, 4, 5].map((id) => query('insert into item values ($1, $2)', [id, '{}'])))

  test('a transaction whose statements nobody awaits is one packet, with one Sync', async () => {
    await db.transaction(async (tx) => void insertFive(tx.query.bind(tx)))
    expect(requests).toHaveLength(1)
    expect(types(requests)).toBe('BEBEBEBEBEBEBES')
    expect(await db.query('select count(*) from item')).toEqual([{ count: 5 }])
  })

  test('one that awaits is one packet for each turn, BEGIN with the first and COMMIT with the last', async () => {
    await db.transaction(async (tx) => {
      await insertFive(tx.query.bind(tx))
      await tx.query('delete from item')
      void insertFive(tx.query.bind(tx))
    })
    expect(requests.map((request) => types([request]))).toEqual(['BEBEBEBEBEBES', 'BES', 'BEBEBEBEBEBES'])
  })

  test('a connection that is new to the texts asks about them in the same packet', async () => {
    await db.transaction(async (tx) => {
      await tx.query('delete from item')
      // The first is busy: a second connection is opened for this one.
      await db.transaction(async (second) => void insertFive(second.query.bind(second)))
    })
    const [request] = requests.filter((chunk) => chunk.includes('insert into item'))
    expect(types([request ?? Buffer.alloc(0)])).toBe('PDBEPDBEBEBEBEBEPDBES')
  })

  test('queries of one turn are one packet, each with its own Sync', async () => {
    await Promise.all([insertFive(db.query.bind(db)), db.query('select count(*) from item')])
    expect(requests).toHaveLength(1)
    expect(types(requests)).toBe('BESBESBESBESBESBES')
  })

  test('statements issued while an answer is under way go together when it has come', async () => {
    await db.transaction(async (tx) => {
      const first = tx.query('delete from item')
      await new Promise((resolve) => setImmediate(resolve))
      void tx.query('select count(*) from item')
      void first.then(() => void insertFive(tx.query.bind(tx)))
      await first
    })
    expect(requests.map((request) => types([request]))).toEqual(['BEBES', 'BEBEBEBEBEBES', 'BES'])
  })

  test('whoever goes on after an answer finds the connection free', async () => {
    const own = await openPostgres({ url: scratch.url, application: 'one-after-another' })
    for (let n = 0; n < 10; n += 1) {
      await own.query('select 1')
      await own.transaction((tx) => tx.query('select 2'))
    }
    const mine = `select count(*) from pg_stat_activity where application_name = 'one-after-another'`
    expect(await own.query(mine)).toEqual([{ count: 1 }])
    await own.close()
    await expect.poll(() => db.query(mine)).toEqual([{ count: 0 }])
  })

  test('an answer of many packets is whole', async () => {
    const rows = await db.query(`select n, repeat('é', 100) as text from generate_series(1, 50000) n`)
    expect(rows).toHaveLength(50_000)
    expect(rows.at(-1)).toEqual({ n: 50_000, text: 'é'.repeat(100) })
  })
})

/** The type letters of all messages. */
function types(chunks: readonly Buffer[]): string {
  const bytes = Buffer.concat(chunks)
  let letters = ''
  for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) letters += String.fromCharCode(bytes.readUInt8(at))
  return letters
}
