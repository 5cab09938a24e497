import type { Work } from '@comptoir/runtime'

export interface NewUser {
  readonly name: string
  /** The address as it will be shown: trimmed, NFC. */
  readonly email: string
}

export type UserCreation = { readonly kind: 'created'; readonly id: number } | { readonly kind: 'email_taken' }
export type UserDeletion = 'deleted' | 'unknown' | 'has_orders'

/** Adds a user, unless another one has the same address in whatever case. */
export async function createUser(work: Work, { name, email }: NewUser): Promise<UserCreation> {
  const [user] = await work.transaction((unit) => unit.query<{ id: number }>(insertUser, [name, email, emailKey(email)]))
  return user === undefined ? { kind: 'email_taken' } : { kind: 'created', id: user.id }
}

const insertUser = `
  insert into store.users (name, email, email_key) values ($1, $2, $3)
  on conflict on constraint users_email_key do nothing
  returning id`

/** Removes a user who never ordered. */
export async function deleteUser(work: Work, id: number): Promise<UserDeletion> {
  return work.transaction(async (unit) => {
    // One statement decides, so that a first order that commits meanwhile keeps its user.
    const deleted = await unit.query('delete from store.users where id = $1 and not has_orders returning id', [id])
    if (deleted.length > 0) return 'deleted'
    const left = await unit.query('select id from store.users where id = $1', [id])
    return left.length > 0 ? 'has_orders' : 'unknown'
  })
}

/** What two addresses are compared by. */
export function emailKey(email: string): string {
  return email.trim().normalize('NFC').toLowerCase()
}
