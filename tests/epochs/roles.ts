import { randomBytes } from 'node:crypto'
import { openPostgres } from '@comptoir/runtime/postgres'
import { comptoir } from '../kit/command.ts'
import { withDatabase } from './clusters.ts'

/** A database whose owner, server and reader are three roles. */
export interface Roles {
  readonly migrator: string
  readonly app: string
  readonly reader: string
  /** The database's address for a role, or for the superuser. */
  url(role?: string): string
  drop(): Promise<void>
}

/** @param server a superuser's URL */
export async function threeRoles(server: string): Promise<Roles> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const [migrator, app, reader] = ['migrator', 'app', 'reader'].map((role) => `${name}_${role}`) as [string, string, string]
  const all = [migrator, app, reader]
  await withDatabase(server, async (db) => {
    for (const role of all) await db.query(`create role ${role} login password '${role}'`)
    await db.query(`grant ${app} to ${migrator}`)
    await db.query(`create database ${name} owner ${migrator}`)
  })
  return {
    migrator,
    app,
    reader,
    url(role) {
      const url = new URL(server)
      url.pathname = `/${name}`
      if (role) Object.assign(url, { username: role, password: role })
      return url.href
    },
    drop: () =>
      withDatabase(server, async (db) => {
        await db.query(`drop database ${name} with (force)`)
        for (const role of all.reverse()) await db.query(`drop role ${role}`)
      }),
  }
}

/** What a command says that ends by itself. */
export async function ending(args: readonly string[], url: string) {
  const command = comptoir(args, { env: { DATABASE_URL: url } })
  return { ...(await command.ended), text: command.stdout() + command.stderr() }
}

/** Tries each of these as a role: what the server answered, `done` or an SQLSTATE. */
export async function tried(url: string, statements: readonly string[]): Promise<Record<string, string>> {
  const database = await openPostgres({ url, application: 'comptoir tests', connections: 1 })
  const answers: Record<string, string> = {}
  for (const text of statements)
    answers[text] = await database.query(text).then(
      () => 'done',
      (error: { code: string }) => error.code,
    )
  await database.close()
  return answers
}

/** The same answer to each. */
export const allOf = (statements: readonly string[], answer: string): Record<string, string> =>
  Object.fromEntries(statements.map((text) => [text, answer]))
