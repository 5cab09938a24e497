import { beforeAll, describe, expect, test } from 'vitest'
import { type Database, DatabaseError } from '../ports/database.ts'

/** Single queries, prepared statements when the schema changes, scripts. */
export function databaseQueries(database: () => Database): void {
  let db: Database
  beforeAll(() => {
    db = database()
  })

  describe('queries outside of transactions', () => {
    test('of one turn keep their order, and each is its own transaction', async () => {
      await db.script('create table single (id int primary key)')
      const results = await Promise.allSettled([
        db.query('insert into single values (1)'),
        db.query('insert into single values (1)'),
        db.query('insert into single values ($1)', [Number.NaN]),
        db.query('select * from nowhere'),
        db.query('insert into single values (2)'),
        db.query('select id from single order by id'),
      ])
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'rejected',
        'fulfilled',
        'fulfilled',
      ])
      expect(results.at(-1)).toMatchObject({ value: [{ id: 1 }, { id: 2 }] })
    })

    test('hundreds at once all answer, and VACUUM runs among them', async () => {
      const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => db.query('select $1::int as n', [n])))
      expect(answers.flat()).toEqual(Array.from({ length: 300 }, (_, n) => ({ n })))
      await Promise.all([db.query('select 1'), db.query('vacuum single'), db.query('select 2')])
    })

    test('errors tell the SQLSTATE, the constraint and the message', async () => {
      const error = await db.query('insert into single values (1)').catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(DatabaseError)
      expect(error).toMatchObject({ code: '23505', constraint: 'single_pkey', message: expect.stringContaining('duplicate key') })
    })
  })

  describe('a change of the schema makes prepared statements anew', () => {
    const read = 'select * from changing'

    test('made by a script, a query, a transaction, or rolled back', async () => {
      await db.script('create table changing (a int); insert into changing values (1)')
      expect(await db.query(read)).toEqual([{ a: 1 }])
      await db.script('alter table changing add b int')
      expect(await db.query(read)).toEqual([{ a: 1, b: null }])
      await db.query('alter table changing add c int')
      expect(await db.query(read)).toEqual([{ a: 1, b: null, c: null }])
      await db.transaction(async (tx) => {
        expect(await tx.query(read)).toEqual([{ a: 1, b: null, c: null }])
        await tx.query('alter table changing drop c')
        expect(await tx.query(read)).toEqual([{ a: 1, b: null }])
      })
      const attempt = db.transaction(async (tx) => {
        await tx.query('alter table changing drop b')
        expect(await tx.query(read)).toEqual([{ a: 1 }])
        throw new Error('roll back')
      })
      await expect(attempt).rejects.toThrow('roll back')
      expect(await db.query(read)).toEqual([{ a: 1, b: null }])
    })

    test('made behind our back by a function, it costs one failure', async () => {
      await db.script(`
        create function widen() returns void language sql as 'alter table changing add d int';
      `)
      await db.query(read)
      await db.query('select widen()')
      await expect(db.query(read)).rejects.toMatchObject({ code: '0A000' })
      expect(await db.query(read)).toEqual([{ a: 1, b: null, d: null }])
    })

    test('parameters follow the new type of a column', async () => {
      await db.query('insert into changing (a) select * from unnest($1::int8[])', [[2]])
      await db.query('alter table changing alter a type text')
      await db.query('insert into changing (a) values ($1)', ['three'])
      expect(await db.query('select a from changing order by a')).toEqual([{ a: '1' }, { a: '2' }, { a: 'three' }])
    })
  })

  describe('scripts', () => {
    test('are kept as a whole or not at all', async () => {
      await expect(db.script('create table whole (a int); select * from nowhere')).rejects.toMatchObject({ code: '42P01' })
      await expect(db.query('select * from whole')).rejects.toMatchObject({ code: '42P01' })
    })

    test('that leave a transaction open are refused, and it is rolled back', async () => {
      await expect(db.script('begin; create table open (a int)')).rejects.toMatchObject({ code: '25001' })
      await expect(db.script('begin; select * from nowhere')).rejects.toMatchObject({ code: '42P01' })
      await expect(db.query('select * from open')).rejects.toMatchObject({ code: '42P01' })
    })
  })
}
