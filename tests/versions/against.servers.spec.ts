import type { Database } from '@comptoir/runtime'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { placeOrder } from '../../services/contracts/src/index.ts'
import { ownDatabase } from '../cluster/database.ts'
import { startInstance } from '../cluster/instance.ts'
import { withDatabase } from '../epochs/clusters.ts'
import { type Roles, threeRoles } from '../epochs/roles.ts'
import { databaseUrl } from '../kit/servers/addresses.ts'
import { leaveOpen, removedDeclaration, run } from './stranded.fixture.ts'

let roles: Roles
beforeAll(async () => {
  roles = await threeRoles(databaseUrl())
  const url = roles.url(roles.migrator)
  await run(['migrate', '--app', roles.app, '--reader', roles.reader], { DATABASE_URL: url })
  const store = await startInstance(roles.url(roles.app), ['--no-seed'])
  await store.stop()
}, 120_000)
afterAll(() => roles.drop())

const inDatabase = <T>(work: (database: Database) => Promise<T>) => withDatabase(roles.url(), work)
const check = (url: string) => run(['check', '--json', '--against', url])
const newer = placeOrder.id.replace('/1/', '/2/')

it('F26: comptoir check --against a database that is served, as the role that reads: what is open, and what would be stranded', {
  timeout: 180_000,
}, async () => {
  const reader = roles.url(roles.reader)
  const before = await check(reader)
  expect([before.code, JSON.parse(before.stdout).store.open]).toEqual([0, []])

  await inDatabase((database) => leaveOpen(database, placeOrder.id, ['1', '2']))
  await inDatabase((database) => leaveOpen(database, newer, ['3']))
  const fine = await check(reader)
  expect(fine).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(fine.stdout).store).toEqual({
    place: reader.replace(/:[^:@/]+@/, '@'),
    open: [
      { declaration: placeOrder.id, keeper: 'store', count: 2, fate: 'known' },
      { declaration: newer, keeper: 'store', count: 1, fate: 'newer' },
    ],
  })

  await inDatabase((database) => leaveOpen(database, removedDeclaration, ['4']))
  const stranding = await check(reader)
  expect([stranding.code, stranding.stderr]).toEqual([1, 'comptoir: 1 problem: each line with !! says what to do\n'])
  expect(JSON.parse(stranding.stdout).problems).toEqual([
    expect.stringMatching(
      new RegExp(`^${removedDeclaration} has 1 open saga at store: .*; this code declares no saga SendGift: keep`),
    ),
  ])
  // Whoever serves it says the same, and does not begin.
  const { code, stderr } = await run(['serve', '--port', '0'], { DATABASE_URL: roles.url(roles.app) })
  expect([code, stderr]).toEqual([1, expect.stringContaining('this code declares no saga SendGift')])
})

it('F26: an instance of older code starts while newer code has sagas open, and says so', async () => {
  await inDatabase((database) =>
    database.query('delete from store.saga_open as o using store.saga as s where s.id = o.id and s.definition = $1', [
      removedDeclaration,
    ]),
  )
  const store = await startInstance(roles.url(roles.app))
  expect(await store.stop(), store.output()).toEqual({ code: 0, signal: null })
  const line = store
    .output()
    .split('\n')
    .find((text) => text.includes('sagas go on at other code'))
  expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 'warn', service: 'store', declaration: newer, sagas: 1 })
})

it('comptoir check --against a database without a store, and a role that may not look, is refused in words', async () => {
  const empty = await ownDatabase(databaseUrl())
  expect(await check(empty.url)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^comptoir: postgres.* has no sagas: --against wants the database of a store\n$/),
  })
  await empty.drop()
  await inDatabase((database) => database.query(`revoke all on store.saga_open from ${roles.reader}`))
  const { code, stderr } = await check(roles.url(roles.reader))
  expect([code, stderr]).toEqual([1, expect.stringContaining('permission denied')])
  expect(stderr).not.toMatch(/\n\s+at /)
})
