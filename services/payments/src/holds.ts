import type { Queryable } from '@comptoir/runtime'

/** Those of the users that are on credit hold. */
export async function usersOnHold(db: Queryable, users: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await db.query<{ user_id: number }>(`select user_id from payments.holds where user_id = any($1::int[])`, [
    [...new Set(users)],
  ])
  return new Set(rows.map((row) => row.user_id))
}

/** Puts a user on credit hold; answers whether that is new. */
export async function putOnHold(db: Queryable, user: number): Promise<boolean> {
  const rows = await db.query(`insert into payments.holds (user_id) values ($1) on conflict do nothing returning 1`, [user])
  return rows.length > 0
}

/** Ends a user's credit hold; answers whether there was one. */
export async function releaseHold(db: Queryable, user: number): Promise<boolean> {
  const rows = await db.query(`delete from payments.holds where user_id = $1 returning 1`, [user])
  return rows.length > 0
}
