import { keepPartitions, retentionMs } from '@comptoir/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { services } from '../../apps/comptoir/src/services.ts'
import { startInstance } from '../cluster/instance.ts'
import { drain } from '../crash/drain.ts'
import { checkInvariants } from '../crash/invariants.ts'
import { databaseUrl } from '../kit/servers/addresses.ts'
import { Shop } from '../kit/shop.ts'
import { withDatabase } from './clusters.ts'
import { allOf, ending, type Roles, threeRoles, tried } from './roles.ts'

const denied = '42501'
const day = 86_400_000

let roles: Roles
const migrate = () => ending(['migrate', '--app', roles.app, '--reader', roles.reader], roles.url(roles.migrator))
beforeAll(async () => {
  roles = await threeRoles(databaseUrl())
})
afterAll(() => roles.drop())

describe('three roles', () => {
  it('begin with the migrator: who serves may not migrate, and says who may', async () => {
    const { code, text } = await ending(['serve', '--port', '0'], roles.url(roles.app))
    expect([code, text]).toEqual([1, expect.stringMatching(/^comptoir: \d+ migrations are due .*`comptoir migrate`\n$/)])
  })

  it('must be there: the command says how they are made', async () => {
    const owner = roles.url(roles.migrator)
    expect((await ending(['migrate', '--app', 'nobody'], owner)).text).toContain(
      `there is no role nobody: create it with \`create role "nobody" login password '…'\``,
    )
    expect((await ending(['migrate', '--app', roles.migrator], owner)).text).toContain('name a role that owns nothing')
    expect((await ending(['migrate', '--app', roles.reader], owner)).text).toContain(`\`grant "${roles.reader}" to`)
    expect((await ending(['migrate', '--reader', roles.reader], owner)).text).toContain('(--app)')
    expect((await ending(['migrate'], '')).text).toContain('set DATABASE_URL')
  })

  it('F26: the migrator makes everything, any number of times', async () => {
    expect(await migrate()).toMatchObject({ code: 0, text: expect.stringContaining(`${roles.app} may serve`) })
    expect(await migrate()).toMatchObject({ code: 0 })
  })

  it('the app serves: orders of all kinds, rebuilds and partitions', async () => {
    const store = await startInstance(roles.url(roles.app))
    const shop = new Shop(store.url)
    const order = await shop.placed([{ product_id: 2, quantity: 1 }])
    expect((await shop.pay(order)).status).toBe(200)
    const other = await shop.placed([{ product_id: 2, quantity: 1 }], 2)
    expect((await shop.delete(`/store-api/orders/${other.order_id}`)).status).toBe(200)
    expect((await shop.post('/store-api/read-model/rebuild')).status).toBe(200)
    const keyed = await shop.post(
      '/store-api/orders',
      { user_id: 3, items: [{ product_id: 3, quantity: 3 }] },
      { 'idempotency-key': 'k' },
    )
    expect(keyed.status).toBe(201)
    await drain(store.url)
    expect(await store.stop(), store.output()).toEqual({ code: 0, signal: null })
    await withDatabase(roles.url(roles.app), async (db) => {
      const later = Date.now() + retentionMs + 2 * day
      await keepPartitions(db, services, later)
      const days = await db.query<{ name: string }>(
        `select relname as name from pg_class where relname ~ '^(log|inbox)_[0-9]{8}$' and relkind = 'r'`,
      )
      const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10).replaceAll('-', '')
      const names = days.map(({ name }) => name)
      expect(names).toEqual(expect.arrayContaining([`log_${dayOf(later)}`, `inbox_${dayOf(later)}`]))
      expect(names).not.toContain(`inbox_${dayOf(later - retentionMs - 2 * day)}`)
    })
    expect(await withDatabase(roles.url(), (db) => db.query('select status from store.orders order by id'))).toEqual([
      { status: 'PAID' },
      { status: 'CANCELLED' },
      { status: 'CANCELLED' },
    ])
  })

  it('the migrator goes on after a rebuild, whose schema is the role’s that serves', async () => {
    expect(await migrate()).toMatchObject({ code: 0 })
    expect((await withDatabase(roles.url(), (db) => checkInvariants(db))).filter((broken) => broken.startsWith('I12'))).toEqual(
      [],
    )
  })

  it('the app owns no table but those of the read model, and changes none', async () => {
    const statements = [
      'drop table store.orders',
      'drop table store.log_default',
      'alter table store.orders add column x int',
      'alter table store.log detach partition store.log_default',
      'truncate store.orders',
      'create table store.mine (id int)',
      'create index on store.orders (user_id)',
      `update comptoir.migration set digest = ''`,
      'drop schema payments cascade',
      'alter function store.add_partition(text, date) owner to current_user',
      'create role mine',
      `select from pg_authid`,
      `copy store.orders to program 'true'`,
    ]
    expect(await tried(roles.url(roles.app), statements)).toEqual(allOf(statements, denied))
    const nonsense = [`select store.drop_partition('orders', null)`, `select store.drop_partition('orders; --', '20260101')`]
    expect(await tried(roles.url(roles.app), nonsense)).toEqual(allOf(nonsense, '22023'))
  })

  it('the reader reads what reports need, in the read model of the rebuild, too', async () => {
    const statements = [
      'select * from store_view.orders',
      'select * from store_view.spending',
      'select * from store.orders',
      'select * from store.stock_ledger',
      'select * from payments.payments',
      'select * from store.saga',
      'select mailbox, epoch, txid, pos, type from store.log',
      'select id, step, outcome from payments.inbox',
      'select id, state, type from store.held_message',
      'select id, has_orders from store.users',
    ]
    expect(await tried(roles.url(roles.reader), statements)).toEqual(allOf(statements, 'done'))
  })

  it('the reader writes nothing, and sees no secret, no key of a client, no name and no body', async () => {
    const statements = [
      'select * from comptoir.secret',
      'select * from store.idempotency_key',
      'select name from store.users',
      'select email from store.users',
      'select body from store.log',
      'select * from store.log_default',
      'select data from store.inbox',
      'select result from store.inbox',
      'select body from payments.held_message',
      'delete from store.orders',
      'update store.stocks set quantity = 0',
      'insert into store_view.sold values (1, 1)',
      `select store.add_partition('log', '20990101')`,
      `select nextval('store.log_pos')`,
      'create schema mine',
    ]
    expect(await tried(roles.url(roles.reader), statements)).toEqual(allOf(statements, denied))
  })

  it('a table that nobody has thought of is hidden from the reader', async () => {
    const hidden = await withDatabase(roles.url(), (db) =>
      db.query<{ name: string }>(
        `select schemaname || '.' || tablename as name from pg_tables as t join pg_class as c on c.oid = to_regclass(schemaname || '.' || tablename)
         where schemaname in ('comptoir', 'store', 'payments', 'orchestrator', 'store_view') and not c.relispartition and not has_any_column_privilege($1::text::name, c.oid, 'select')
         order by 1`,
        [roles.reader],
      ),
    )
    expect(hidden.map(({ name }) => name)).toEqual([
      'comptoir.secret',
      'orchestrator.idempotency_key',
      'payments.idempotency_key',
      'store.idempotency_key',
    ])
  })

  it('F26: a migration that is due stops a start, which names the command that applies it', async () => {
    await withDatabase(roles.url(), (db) => db.query(`delete from comptoir.migration where owner = 'store.view'`))
    const { code, text } = await ending(['serve', '--port', '0'], roles.url(roles.app))
    expect([code, text]).toEqual([1, expect.stringMatching(/1 migrations are due \(store\.view .*`comptoir migrate`/)])
  })
})
