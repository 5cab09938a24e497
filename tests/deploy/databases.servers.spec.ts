import { expect, it, onTestFinished } from 'vitest'
import { startPostgres } from '../../scripts/servers/postgres.mjs'
import { addressOf, makeDatabases, query } from './databases.ts'

it('each service has a database that no other can get into, and a user with no more power than that', async () => {
  const server = await startPostgres()
  onTestFinished(() => server.stop('kill'))
  makeDatabases(server)
  const powers = `select rolsuper or rolcreaterole or rolcreatedb or rolreplication as power from pg_roles where rolname = current_user`
  for (const [user, other] of [
    ['store', 'payments'],
    ['payments', 'store'],
    ['orchestrator', 'store'],
  ] as const) {
    expect(await query(addressOf(server, user, user), powers)).toEqual([{ power: false }])
    await expect(query(addressOf(server, user, other), 'select 1')).rejects.toThrow('permission denied for database')
  }
  // A password with a quote arrived as it is: without one nobody would get in from elsewhere.
  const secrets = `select count(*)::int as n from pg_authid where rolname in ('store', 'payments', 'orchestrator') and rolpassword like 'SCRAM-%'`
  expect(await query(server.url, secrets)).toEqual([{ n: 3 }])
})
