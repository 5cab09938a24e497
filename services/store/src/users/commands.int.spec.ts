import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OPENING_MS, openScratchStore, type ScratchStore } from '../seed/scratch-store.fixture.ts'
import { createUser, deleteUser } from './commands.ts'
import { findUser } from './queries.ts'

let store: ScratchStore
beforeAll(async () => {
  store = await openScratchStore()
}, OPENING_MS)
beforeEach(() => store.clear())
afterAll(() => store.close())

const ada = { name: 'Ada Lovelace', email: 'Ada@Example.com' }

describe('createUser', () => {
  test('keeps the address as it was typed', async () => {
    expect(await createUser(store.work, ada)).toEqual({ kind: 'created', id: 1 })
    expect(await findUser(store.work, 1)).toEqual({ id: 1, ...ada })
  })

  test('row 33: an address that differs in case only is taken', async () => {
    await createUser(store.work, ada)
    expect(await createUser(store.work, { name: 'Another', email: 'aDA@example.COM' })).toEqual({ kind: 'email_taken' })
  })

  test('row 31: composed and decomposed letters are the same address', async () => {
    await createUser(store.work, { name: 'René', email: 'ren\u00e9@example.com' })
    expect(await createUser(store.work, { name: 'René', email: 'RENE\u0301@example.com' })).toEqual({ kind: 'email_taken' })
  })

  test('of twenty at once with one address, one is created', async () => {
    const creations = await Promise.all(Array.from({ length: 20 }, () => createUser(store.work, ada)))
    expect(creations.filter(({ kind }) => kind === 'created')).toHaveLength(1)
    expect(creations.filter(({ kind }) => kind === 'email_taken')).toHaveLength(19)
  })
})

describe('deleteUser', () => {
  test('removes a user without orders, once', async () => {
    await createUser(store.work, ada)
    expect(await deleteUser(store.work, 1)).toBe('deleted')
    expect(await deleteUser(store.work, 1)).toBe('unknown')
    expect(await findUser(store.work, 1)).toBeUndefined()
  })

  test('row 44: keeps a user with orders', async () => {
    await createUser(store.work, ada)
    await store.work.query('update store.users set has_orders = true')
    expect(await deleteUser(store.work, 1)).toBe('has_orders')
    expect(await findUser(store.work, 1)).toBeDefined()
  })
})
