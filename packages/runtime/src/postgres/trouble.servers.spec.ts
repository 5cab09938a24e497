import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type DatabaseError, isTransient, type Transaction } from '../ports/database.ts'
import { administer, type ScratchDatabase, scratchDatabase, serverUrl } from '../testing/scratch-postgres.ts'
import { type TcpProxy, tcpProxy } from '../testing/tcp-proxy.ts'
import { openPostgres, type PostgresDatabase } from './database.ts'

const failure = (attempt: Promise<unknown>) =>
  attempt.then(
    () => undefined,
    (error: unknown) => error as DatabaseError,
  )

async function listening(onStartup: Parameters<typeof createServer>[1]): Promise<{ url: string; server: Server }> {
  const server = createServer(onStartup).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { server, url: `postgres://who:wrong@127.0.0.1:${(server.address() as AddressInfo).port}/what` }
}

describe('a server that cannot be connected to', () => {
  test('F23: because nobody listens, is transient', async () => {
    const { server, url } = await listening(() => {})
    server.close()
    const error = await failure(openPostgres({ url, application: 'test' }))
    expect(error).toMatchObject({ code: '08001', message: expect.stringContaining('ECONNREFUSED') })
    expect(isTransient(error)).toBe(true)
  })

  test('F23: because it does not answer, is transient, after 5 s', async () => {
    const troubles: DatabaseError[] = []
    const { url } = await listening((socket) => void socket.on('error', () => {}))
    const started = performance.now()
    const error = await failure(openPostgres({ url, application: 'test', onTrouble: (trouble) => troubles.push(trouble) }))
    expect(error).toMatchObject({ code: '08001' })
    expect(performance.now() - started).toBeLessThan(8000)
    expect(troubles).toEqual([error])
  })

  test('F23: because it hangs up, is transient', async () => {
    const { url } = await listening((socket) => socket.end())
    expect(await failure(openPostgres({ url, application: 'test' }))).toMatchObject({ code: '08001' })
  })

  test('because the password is wrong, is not transient', async () => {
    const refusal = Buffer.from('E\0\0\0\0SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "who"\0\0')
    refusal.writeInt32BE(refusal.length - 1, 1)
    const { url } = await listening((socket) => void socket.once('data', () => socket.end(refusal)))
    const error = await failure(openPostgres({ url, application: 'test' }))
    expect(error).toMatchObject({ code: '28P01', message: 'password authentication failed for user "who"' })
    expect(isTransient(error)).toBe(false)
  })

  test('because a password is asked for and none is given, is not transient', async () => {
    const sasl = Buffer.from('R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0')
    const sequel = Buffer.from('R\0\0\0\x0d\0\0\0\x0br=any')
    const { url } = await listening((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write(sasl)
        socket.once('data', () => socket.write(sequel))
      })
    })
    const error = await failure(openPostgres({ url: url.replace(':wrong', ''), application: 'test' }))
    expect(error).toMatchObject({ code: '28000', message: expect.stringContaining('password') })
    expect(isTransient(error)).toBe(false)
  })
})

describe.skipIf(!serverUrl)('a server', () => {
  let scratch: ScratchDatabase
  let proxy: TcpProxy
  let db: PostgresDatabase
  const troubles: DatabaseError[] = []
  const open = (url: string) =>
    openPostgres({ url, application: "it's a test", connections: 3, onTrouble: (error) => troubles.push(error) })
  beforeAll(async () => {
    scratch = await scratchDatabase()
    proxy = await tcpProxy(scratch.url)
    db = await open(proxy.through(scratch.url))
    await db.script('create table item (id int primary key, n int not null default 0)')
  })
  afterAll(async () => {
    await db?.close()
    await proxy?.close()
    await scratch?.drop()
  })
  beforeEach(async () => {
    await db.script('truncate item; insert into item values (1), (2)')
    troubles.length = 0
  })

  const insert = (tx: Transaction, id: number) => tx.query('insert into item values ($1)', [id])
  const ids = async () => (await db.query<{ id: number }>('select id from item order by id')).map(({ id }) => id)
  const pid = async (on: Pick<Transaction, 'query'>) =>
    (await on.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid
  const terminate = (which: number | undefined) => administer(`select pg_terminate_backend(${which})`)

  /** Cuts the way while a statement runs that takes a little less than one may. */
  const cutOff = async (tx: Transaction) => {
    const sleep = tx.query('select pg_sleep(9)')
    sleep.catch(() => {})
    await expect
      .poll(() => db.query(`select from pg_stat_activity where state = 'active' and query = 'select pg_sleep(9)'`))
      .toHaveLength(1)
    proxy.cut()
    await sleep
  }

  test('says no to an unknown database and an unknown user, which is not transient', async () => {
    const url = new URL(scratch.url)
    url.pathname = '/nowhere'
    expect(await failure(open(url.href))).toMatchObject({ code: '3D000' })
    url.username = 'nobody_knows_me'
    const error = await failure(open(url.href))
    expect(error?.code).toMatch(/^28/)
    expect(isTransient(error)).toBe(false)
  })

  test('sets what each connection must have, also after a script that has set other things', async () => {
    const names = [
      ['application_name', "it's a test"],
      ['statement_timeout', '10s'],
      ['idle_in_transaction_session_timeout', '2s'],
      ['client_connection_check_interval', '1s'],
      ['lock_timeout', '0'],
      ['TimeZone', 'UTC'],
      ['plan_cache_mode', 'force_generic_plan'],
      ['enable_seqscan', 'off'],
      ['enable_hashjoin', 'off'],
      ['jit', 'off'],
      ['search_path', '"$user", public'],
    ] as const
    const settings = () =>
      db.transaction((tx) => Promise.all(names.map(([name]) => tx.query('select current_setting($1) as is', [name]))))
    const expected = names.map(([, is]) => [{ is }])
    expect(await settings()).toEqual(expected)
    await db.script(
      `set search_path = nowhere; set timezone = 'Asia/Tokyo'; set enable_seqscan = on; create temp table left_over ()`,
    )
    expect(await settings()).toEqual(expected)
    expect(await db.query(`select to_regclass('left_over') as left_over`)).toEqual([{ left_over: null }])
    await db.script(`create table timeout as select current_setting('statement_timeout') as was`)
    expect(await db.query('select was from timeout')).toEqual([{ was: '0' }])
  })

  test('F23: that ends a connection in the middle of a transaction: transient, nothing kept, and the next one works', async () => {
    const attempt = db.transaction(async (tx) => {
      await insert(tx, 3)
      await terminate(await pid(tx))
      await insert(tx, 4)
    })
    const error = await failure(attempt)
    expect(error).toMatchObject({ code: '57P01' })
    expect(isTransient(error)).toBe(true)
    expect(await ids()).toEqual([1, 2])
    expect(troubles).toEqual([error])
  })

  test('F23: that ends all connections while they are idle: the next call just works', async () => {
    let open = 0
    // All at the same time, so that each has a connection of its own.
    await Promise.all(
      [1, 2, 3].map(() =>
        db.transaction(async (tx) => {
          await tx.query('select 1')
          open += 1
          await expect.poll(() => open).toBe(3)
        }),
      ),
    )
    await administer(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${new URL(scratch.url).pathname.slice(1)}'`,
    )
    await expect.poll(() => troubles.length).toBe(3)
    expect(await ids()).toEqual([1, 2])
    await db.transaction((tx) => insert(tx, 3))
    expect(troubles.map(({ code }) => code)).toEqual(['57P01', '57P01', '57P01'])
  })

  test('F23: to which the way is cut while a statement runs: transient, and the next one works', async () => {
    expect(await failure(db.transaction(cutOff))).toMatchObject({ code: '08006' })
    expect(await failure(db.query('select 1'))).toBeUndefined()
  })

  test('F6, F8: ends the statement of a process that is gone, and its rows are free', async () => {
    const attempt = db.transaction(async (tx) => {
      await tx.query('update item set n = 1 where id = 1')
      await cutOff(tx)
    })
    expect(await failure(attempt)).toMatchObject({ code: '08006' })
    await db.transaction(async (tx) => {
      await tx.query(`set local lock_timeout = '5s'`)
      await tx.query('update item set n = 2 where id = 1')
    })
  })

  describe('F21: COMMIT', () => {
    test('whose answer is lost may have been kept: 08007', async () => {
      await db.transaction((tx) => insert(tx, 3))
      const attempt = db.transaction(async (tx) => {
        await insert(tx, 4)
        proxy.onAnswer = () => {
          proxy.cut()
          return false
        }
      })
      const error = await failure(attempt)
      proxy.onAnswer = () => undefined
      expect(error).toMatchObject({ code: '08007', cause: { code: '08006' } })
      expect(isTransient(error)).toBe(true)
      expect(await ids()).toEqual([1, 2, 3, 4])
    })

    test('that went with its statements and was lost on the way: 08007, not what the statements got', async () => {
      await db.transaction((tx) => insert(tx, 3))
      proxy.onRequest = () => {
        proxy.cut()
        return false
      }
      const error = await failure(db.transaction(async (tx) => void insert(tx, 4)))
      proxy.onRequest = () => undefined
      expect(error).toMatchObject({ code: '08007' })
      expect(await ids()).toEqual([1, 2, 3])
    })

    test('that the server has certainly not come to: what it said', async () => {
      await db.transaction((tx) => insert(tx, 3))
      const attempt = db.transaction(async (tx) => {
        void insert(tx, 4)
        void tx.query('select pg_terminate_backend(pg_backend_pid())')
        void tx.query('select pg_sleep(1)')
      })
      expect(await failure(attempt)).toMatchObject({ code: '57P01' })
      expect(await ids()).toEqual([1, 2, 3])
    })

    test('that was not sent, because the connection was lost before: 08006', async () => {
      const attempt = db.transaction(async (tx) => {
        await insert(tx, 3)
        proxy.cut()
        await expect.poll(() => troubles.length).toBe(1)
      })
      expect(await failure(attempt)).toMatchObject({ code: '08006' })
      expect(await ids()).toEqual([1, 2])
    })
  })

  test('F6: ends a transaction that idles for 2 s, and its rows are free', async () => {
    let other: Promise<unknown> | undefined
    const attempt = db.transaction(async (tx) => {
      await tx.query('update item set n = 1 where id = 1')
      other = db.query('update item set n = 3 where id = 1')
      // Its row is free when the server has ended this transaction, and not before.
      await other
      await tx.query('update item set n = 2 where id = 1')
    })
    expect(await failure(attempt)).toMatchObject({ code: '25P03' })
    await other
    expect(await db.query('select n from item where id = 1')).toEqual([{ n: 3 }])
  })

  test('F22: a deadlock is transient for one of the two', async () => {
    let locked = 0
    const lockBoth = (first: number, second: number) =>
      db.transaction(async (tx) => {
        await tx.query('update item set n = n + 1 where id = $1', [first])
        locked += 1
        await expect.poll(() => locked).toBe(2)
        await tx.query('update item set n = n + 1 where id = $1', [second])
      })
    const errors = await Promise.all([failure(lockBoth(1, 2)), failure(lockBoth(2, 1))])
    const [error, ...others] = errors.filter((one) => one !== undefined)
    expect(error).toMatchObject({ code: '40P01' })
    expect(isTransient(error)).toBe(true)
    expect(others).toEqual([])
    expect(await db.query('select n from item order by id')).toEqual([{ n: 1 }, { n: 1 }])
  })

  test('two transactions at once: the second waits for the row that the first has locked', async () => {
    const order: string[] = []
    let second: Promise<unknown> | undefined
    await db.transaction(async (tx) => {
      await tx.query('select * from item where id = 1 for update')
      second = db.transaction(async (other) => {
        await other.query('update item set n = 5 where id = 1')
        order.push('second')
      })
      await db.query('select 1')
      await tx.query('update item set n = 4 where id = 1')
      order.push('first')
    })
    await second
    expect(order).toEqual(['first', 'second'])
    expect(await db.query('select n from item where id = 1')).toEqual([{ n: 5 }])
  })

  test('50 transactions at once share 3 connections', async () => {
    const pids = await Promise.all(Array.from({ length: 50 }, () => db.transaction((tx) => pid(tx))))
    expect(new Set(pids).size).toBeLessThanOrEqual(3)
  })

  test('a statement that begins a transaction by itself is an error, and its connection is given up', async () => {
    expect(await failure(db.query('begin'))).toMatchObject({ code: '25001' })
    expect(await ids()).toEqual([1, 2])
  })

  test('F26: a schema that another process changes costs one failure, and parameters follow', async () => {
    await db.script('drop table if exists changing; create table changing (a int); insert into changing values (1)')
    const write = (value: string | number) =>
      db.query('insert into changing (a) select * from unnest($1::text[]::int[])', [[value]])
    const read = () => db.query('select * from changing')
    await write(2)
    expect(await read()).toEqual([{ a: 1 }, { a: 2 }])
    await administerHere('alter table changing alter a type text')
    expect(await failure(read())).toMatchObject({ code: '0A000' })
    expect(await read()).toEqual([{ a: '1' }, { a: '2' }])
    await write(3)
    expect(await read()).toEqual([{ a: '1' }, { a: '2' }, { a: '3' }])
  })

  /** As another process would. */
  async function administerHere(text: string): Promise<void> {
    const other = await openPostgres({ url: scratch.url, application: 'other' })
    await other.script(text)
    await other.close()
  }
})
