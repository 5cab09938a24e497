import type { Queryable } from '@comptoir/runtime'
import { usersOnHold } from './holds.ts'

/** Why no payment is made. */
export type Refusal = 'over_ceiling' | 'on_hold'

/** For each wish why it is refused, or undefined: an amount above the ceiling, or a user on credit hold. */
export async function refusalsOf(
  db: Queryable,
  wishes: readonly { readonly user: number; readonly total: number }[],
  ceiling: number,
): Promise<readonly (Refusal | undefined)[]> {
  const onHold = await usersOnHold(
    db,
    wishes.map((wish) => wish.user),
  )
  return wishes.map(({ user, total }) => (total > ceiling ? 'over_ceiling' : onHold.has(user) ? 'on_hold' : undefined))
}
