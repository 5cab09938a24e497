import type { Work } from '@comptoir/runtime'

export interface User {
  readonly id: number
  readonly name: string
  readonly email: string
}

export async function findUser(work: Work, id: number): Promise<User | undefined> {
  const [user] = await work.query<User>('select id, name, email from store.users where id = $1', [id])
  return user
}
