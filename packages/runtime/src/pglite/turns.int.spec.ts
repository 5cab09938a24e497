import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPglite, type PgliteDatabase } from './database.ts'

let db: PgliteDatabase
beforeAll(async () => {
  db = await openPglite()
  await db.script('create table item (id int primary key, n int not null default 0); insert into item values (1), (2)')
}, 60_000)
afterAll(() => db.close())

describe('there is one session, and all take turns', () => {
  test('20 concurrent transactions that read, wait and write one row lose no increment', async () => {
    const increment = () =>
      db.transaction(async (tx) => {
        const [row] = await tx.query<{ n: number }>('select n from item where id = 1')
        await new Promise((resolve) => setImmediate(resolve))
        await tx.query('update item set n = $1 where id = 1', [(row?.n ?? 0) + 1])
      })
    await Promise.all(Array.from({ length: 20 }, increment))
    expect(await db.query('select n from item where id = 1')).toEqual([{ n: 20 }])
  })

  test('queries outside wait for the transaction, and see all of it', async () => {
    let seen: Promise<unknown[]> | undefined
    await db.transaction(async (tx) => {
      await tx.query('insert into item values (3)')
      seen = db.query('select count(*) from item')
      await new Promise((resolve) => setImmediate(resolve))
      await tx.query('insert into item values (4)')
    })
    expect(await seen).toEqual([{ count: 4 }])
  })

  test('turns are taken in the order in which they were asked for', async () => {
    const order: number[] = []
    const turn = (n: number) => db.transaction((tx) => tx.query('select 1').then(() => order.push(n)))
    await Promise.all([turn(1), turn(2), db.query('select 1').then(() => order.push(3)), turn(4)])
    expect(order).toEqual([1, 2, 3, 4])
  })

  test('scripts wait for the transaction that runs', async () => {
    const order: string[] = []
    const transaction = db.transaction(async (tx) => {
      await tx.query('select 1')
      await new Promise((resolve) => setImmediate(resolve))
      order.push('transaction')
    })
    await Promise.all([transaction, db.script('select 1').then(() => order.push('script'))])
    expect(order).toEqual(['transaction', 'script'])
  })

  test('a long chain of short transactions lets timers and sockets in', async () => {
    let turns = 0
    let running = true
    const count = () => {
      turns += 1
      if (running) setImmediate(count)
    }
    setImmediate(count)
    // Far more transactions than fit between two turns; without turns the chain would go on to its end.
    for (let chained = 0; chained < 100_000 && turns < 4; chained += 1) await db.transaction((tx) => tx.query('select 1'))
    running = false
    expect(turns).toBe(4)
  })
})
