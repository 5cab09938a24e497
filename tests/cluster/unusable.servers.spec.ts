import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '@comptoir/runtime'
import { openPostgres } from '@comptoir/runtime/postgres'
import { Redis } from 'ioredis'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startPostgres } from '../../scripts/servers/postgres.mjs'
import { startRedis } from '../../scripts/servers/redis.mjs'
import { comptoir } from '../kit/command.ts'
import { scratchFolder } from '../kit/folder.ts'
import { problemOf } from '../kit/problem.ts'
import type { StoreProcess } from '../kit/process.ts'
import { databaseUrl } from '../kit/servers/addresses.ts'
import { Shop } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

const line = [{ product_id: 1, quantity: 1 }]
const [right, wrong] = ['the-right-secret', 'a-wrong-secret']

/** Runs a command to its end; none of the passwords is in what it prints. */
async function told(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: number | null; text: string }> {
  const command = comptoir(args, { env })
  const { code } = await command.ended
  const text = command.stdout() + command.stderr()
  expect(text).not.toContain('secret')
  expect(text).not.toMatch(/^\s+at /m)
  return { code, text }
}
const serve = (env: NodeJS.ProcessEnv) => told(['serve', '--json', '--port', '0'], env)
const doctor = (env: NodeJS.ProcessEnv) => told(['doctor'], env)

describe('a PostgreSQL that asks for a password', () => {
  /** Everybody but the superuser must know one. */
  async function strict(): Promise<{ admin: Database; as: (login: string) => string }> {
    const folder = scratchFolder()
    // For the user `postgres`, who runs it when the tests run as root.
    chmodSync(folder, 0o755)
    const rules = join(folder, 'pg_hba.conf')
    writeFileSync(rules, 'host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n')
    const server = await startPostgres({ settings: { hba_file: rules } })
    onTestFinished(() => server.stop('kill'))
    const admin = await openPostgres({ url: server.url, application: 'comptoir tests', connections: 1 })
    await admin.script(`set password_encryption = 'scram-sha-256'; create role shop login password '${right}'`)
    await admin.query('create database shop owner shop')
    onTestFinished(() => admin.close())
    return { admin, as: (login) => `postgres://${login}127.0.0.1:${server.port}/shop` }
  }

  it('is used with the right one, and a wrong or missing one ends serve and doctor with what to do, never showing it', async () => {
    const { as } = await strict()
    for (const [url, reason] of [
      [as(`shop:${wrong}@`), 'password authentication failed for user "shop"'],
      [`${as('')}?user=shop&password=${wrong}`, 'password authentication failed for user "shop"'],
      [as('shop@'), 'it asks for a password, and the address has none'],
    ] as const) {
      const env = { DATABASE_URL: url, PGPASSWORD: '', PGPASSFILE: '/dev/null' }
      const served = await serve(env)
      expect(served.code).not.toBe(0)
      expect(served.text).toMatch(
        /^comptoir: the database postgres:\/\/\S+ cannot be used: .+ are address, user and password right\?/m,
      )
      expect(served.text).toContain(reason)
      const examined = await doctor(env)
      expect(examined.code).toBe(1)
      expect(examined.text).toMatch(/^!! {2}postgres:\/\/\S+: .+: correct DATABASE_URL$/m)
      expect(examined.text).toContain(reason)
    }
    const instance = await startInstance(as(`shop:${right}@`))
    expect((await new Shop(instance.url).placed(line)).status).toBe('PLACED')
    expect((await doctor({ DATABASE_URL: as(`shop:${right}@`) })).code).toBe(0)
    await instance.stop()
    expect(instance.output()).not.toContain('secret')
  }, 120_000)

  it('that is changed while it serves: requests are answered with 503, /readyz says why, and all goes on when it fits again', async () => {
    const { admin, as } = await strict()
    const instance = await startInstance(as(`shop:${right}@`))
    const shop = new Shop(instance.url)
    const accepted = await shop.accept(line)
    await admin.query(`alter role shop password '${wrong}'`)
    await until('it is not ready', async () => {
      // Again and again: one may have been let in by the old one a moment ago, and not be listed yet.
      await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'shop'`)
      const answer = await shop.get('/readyz')
      return answer.status === 503 && /password authentication failed/.test(answer.text)
    })
    expect(problemOf(await shop.post('/store-api/orders', { user_id: 1, items: line }))).toEqual([503, 'unavailable'])
    expect(problemOf(await shop.get('/store-api/products/1'))).toEqual([503, 'unavailable'])
    await admin.query(`alter role shop password '${right}'`)
    await until('it is ready again', async () => (await shop.get('/readyz')).json().status === 'ok')
    expect((await shop.orderAtRest(accepted)).status).toBe('PLACED')
    await instance.stop()
    expect(instance.output()).not.toContain('secret')
  }, 60_000)
})

it('a PostgreSQL older than 13 is refused by serve, migrate and doctor, with what to do', async () => {
  const database = await ownDatabase(databaseUrl())
  onTestFinished(() => database.drop())
  // Found before the real one: a server that says it is old.
  await database.look((db) =>
    db.script(`create schema old;
      create function old.current_setting(name text) returns text language sql as $$
        select case name when 'server_version' then '12.22' when 'server_version_num' then '120022' else pg_catalog.current_setting(name) end
      $$;
      do $$ begin execute format('alter database %I set search_path = old, pg_catalog', current_database()); end $$`),
  )
  const env = { DATABASE_URL: database.url }
  for (const command of [['serve', '--json', '--port', '0'], ['migrate']]) {
    const { code, text } = await told(command, env)
    expect([code, text]).toEqual([
      1,
      expect.stringMatching(/on PostgreSQL 12\.22, and version 13 or newer is needed\. Upgrade the server/),
    ])
  }
  const { code, text } = await doctor(env)
  expect([code, text]).toEqual([1, expect.stringMatching(/^!! {2}PostgreSQL 12\.22 .+ version 13 or newer is needed: upgrade/m)])
  const schemas = `select nspname as name from pg_namespace where nspname in ('comptoir', 'store')`
  expect(await database.look((db) => db.query(schemas))).toEqual([])
}, 60_000)

describe('a Redis that cannot be used at the start', () => {
  let database: string
  beforeAll(async () => {
    const own = await ownDatabase(databaseUrl())
    database = own.url
    return () => own.drop()
  })

  const started = async (redis: string): Promise<{ instance: StoreProcess; shop: Shop }> => {
    const instance = await startInstance({ DATABASE_URL: database, REDIS_URL: redis })
    onTestFinished(async () => void (await instance.kill()))
    return { instance, shop: new Shop(instance.url) }
  }
  const state = async (shop: Shop) => {
    const answer = await shop.get('/readyz')
    return { code: answer.status, ...answer.json<{ status: string; checks?: string[] }>() }
  }

  /** From now on it asks for a password. */
  const protect = async (url: string): Promise<void> => {
    const operator = new Redis(url)
    await operator.config('SET', 'requirepass', right)
    operator.disconnect()
  }

  it.each([
    ['with a wrong password', `:${wrong}@`, 'WRONGPASS'],
    ['without the password that it asks for', '', 'NOAUTH'],
    ['because nobody is there', undefined, 'ECONNREFUSED'],
  ])(
    '%s: the store serves from its tables, and /readyz and doctor say why and what to do',
    async (_how, login, reason) => {
      const server = await startRedis()
      onTestFinished(() => server.stop('kill'))
      if (login === undefined) await server.stop('kill')
      else await protect(server.url)
      const url = `redis://${login ?? ''}127.0.0.1:${server.port}`
      const { instance, shop } = await started(url)
      const order = await shop.placed(line)
      expect(order.status).toBe('PLACED')
      const level = await shop.stock(1)
      expect((await shop.post('/store-api/stocks', { product_id: 1, quantity: level + 1 })).status).toBe(201)
      expect(await shop.stock(1)).toBe(level + 1)
      const ready = await until('it says why', async () => {
        const now = await state(shop)
        return now.checks?.some((text) => text.includes(reason)) && now
      })
      expect(ready).toMatchObject({ code: 200, status: 'degraded' })
      expect(ready.checks?.join()).toMatch(/^Redis: .+: tables of PostgreSQL answer meanwhile; start it, or correct REDIS_URL$/)
      const examined = await doctor({ DATABASE_URL: database, REDIS_URL: url })
      expect(examined.code).toBe(1)
      expect(examined.text).toMatch(
        new RegExp(`^!! {2}Redis at redis://127\\.0\\.0\\.1:${server.port}: .*${reason}.*: start it, or correct REDIS_URL`, 'm'),
      )
      // One that stands by does not keep Redis itself, and reads in vain all the same.
      const { shop: standingBy } = await started(url)
      await until('the second one says so, too', async () => {
        expect((await standingBy.order(order.order_id)).status).toBe('PLACED')
        return (await state(standingBy)).checks?.some((text) => text.includes(reason))
      })
      expect((await instance.stop()).code, instance.output()).toBe(0)
      expect(instance.output()).not.toContain('secret')
    },
    120_000,
  )
})
