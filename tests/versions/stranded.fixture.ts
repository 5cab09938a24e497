import { randomUUID } from 'node:crypto'
import { placeOrder } from '@comptoir/contracts'
import type { Database } from '@comptoir/runtime'
import { comptoir } from '../kit/command.ts'
import { within } from '../kit/wait.ts'

/** A declaration that was in place of today's, and that no code knows any more. */
export const changedDeclaration = 'PlaceOrder/1/0123456789abcdef'
export const removedDeclaration = 'SendGift/4/0123456789abcdef'

/** Leaves open sagas of a declaration behind, as a code that knew it would have; answers their ids. */
export async function leaveOpen(database: Database, declaration: string, subjects: readonly string[]): Promise<string[]> {
  const ids = subjects.map(() => randomUUID()).sort()
  await database.query(
    `with opened as (insert into store.saga_open (id) select unnest($1::uuid[]))
     insert into store.saga (id, definition, style, subject) select id, $2, 'choreographed', subject from unnest($1::uuid[], $3::text[]) as s(id, subject)`,
    [ids, declaration, subjects],
  )
  await database.query(
    `insert into store.declaration (id, name, version, parts)
     select $1, split_part($1, '/', 1), split_part($1, '/', 2)::int, replace(parts, 'StockDecreased', 'StockTaken') from store.declaration where id = $2
     on conflict do nothing`,
    [declaration, placeOrder.id],
  )
  return ids
}

/** They have ended, whoever did it. */
export const endAll = (database: Database): Promise<unknown> =>
  database.query(
    `with closed as (delete from store.saga_open returning id)
     update store.saga set outcome = 'cancelled', ended_at = comptoir.now() from closed where saga.id = closed.id`,
  )

/** How far everybody is: the same before and after a process that consumed nothing. */
export const progress = (database: Database): Promise<unknown[]> =>
  database.query(
    `select 'store' as service, consumer, source, epoch, txid::text, pos, lease from store.position
     union all select 'payments', consumer, source, epoch, txid::text, pos, lease from payments.position order by 1, 2, 3`,
  )

/** Runs a command that ends by itself. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = comptoir(args, { env })
  const { code } = await within('the end', command.ended, 60_000)
  return { code, stdout: command.stdout(), stderr: command.stderr() }
}
