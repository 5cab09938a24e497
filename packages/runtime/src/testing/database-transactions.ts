import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, DatabaseError, type Transaction } from '../ports/database.ts'

/** In what adapters of the Database port differ. */
export interface DatabaseFeatures {
  /** Several transactions run at once; otherwise everything takes turns. */
  readonly concurrent: boolean
}

/** What is kept, what is not, and who sees what. */
export function databaseTransactions(database: () => Database, features: DatabaseFeatures): void {
  let db: Database
  beforeAll(async () => {
    db = database()
    await db.script(`
      create table item (id int primary key, n int not null default 0 constraint item_n_positive check (n >= 0));
      create table note (id int primary key, item int constraint note_item references item deferrable initially deferred);
    `)
  })
  beforeEach(() => db.script('truncate item, note; insert into item values (1), (2)'))

  const insert = (tx: Transaction, id: number, n = 0) => tx.query('insert into item values ($1, $2) returning id', [id, n])
  const ids = async () => (await db.query<{ id: number }>('select id from item order by id')).map(({ id }) => id)

  /** The number of the transaction that runs, once it has written. */
  const xid = async (tx: Transaction) => (await tx.query<{ xid: string }>('select pg_current_xact_id() as xid'))[0]?.xid

  describe('commit', () => {
    test('keeps everything, and answers what the work answered', async () => {
      const answer = await db.transaction(async (tx) => {
        await insert(tx, 3)
        await insert(tx, 4)
        return 'done'
      })
      expect(answer).toBe('done')
      expect(await ids()).toEqual([1, 2, 3, 4])
    })

    test('statements of one turn answer each its own rows, in the order in which they were issued', async () => {
      const answers = await db.transaction((tx) =>
        Promise.all([
          insert(tx, 3),
          tx.query('select count(*) from item'),
          insert(tx, 4),
          tx.query('select count(*) as more from item'),
          tx.query('delete from item where id = $1', [4]),
        ]),
      )
      expect(answers).toEqual([[{ id: 3 }], [{ count: 3 }], [{ id: 4 }], [{ more: 4 }], []])
    })

    test('takes along statements that nobody awaits, and they belong to the same transaction', async () => {
      const seen: (string | undefined)[] = []
      await db.transaction(async (tx) => {
        seen.push(await xid(tx))
        void insert(tx, 3)
        void xid(tx).then((id) => seen.push(id))
      })
      expect(await ids()).toEqual([1, 2, 3])
      expect(seen[0]).toBeDefined()
      expect(seen[1]).toBe(seen[0])
    })

    test('F21: a COMMIT that fails is thrown, and nothing is kept', async () => {
      const attempt = db.transaction(async (tx) => {
        await insert(tx, 3)
        await tx.query('insert into note values (1, 99)')
      })
      await expect(attempt).rejects.toMatchObject({ code: '23503', constraint: 'note_item' })
      expect(await ids()).toEqual([1, 2])
    })

    test('F21: a COMMIT that fails together with statements that nobody awaits is thrown too', async () => {
      const attempt = db.transaction(async (tx) => {
        void tx.query('insert into note values (1, 99)')
      })
      await expect(attempt).rejects.toMatchObject({ code: '23503' })
      expect(await db.query('select * from note')).toEqual([])
    })

    test('waits for a statement whose rows cannot be read, which then keeps it from happening', async () => {
      const unreadable = 'select $1::int8 as unreadable'
      const attempt = (id: number, value: bigint) =>
        db.transaction(async (tx) => {
          void insert(tx, id)
          void tx.query(unreadable, [value])
        })
      // From the second time on no text is new, so that everything travels together.
      await attempt(3, 7n)
      await expect(attempt(4, 2n ** 60n)).rejects.toMatchObject({ code: '22003' })
      expect(await ids()).toEqual([1, 2, 3])
    })

    test('an empty transaction works', async () => {
      expect(await db.transaction(async () => 7)).toBe(7)
    })
  })

  describe('rollback', () => {
    test('on what the work throws, which is thrown on', async () => {
      const cause = new Error('no')
      const attempt = db.transaction(async (tx) => {
        await insert(tx, 3)
        void insert(tx, 4)
        throw cause
      })
      await expect(attempt).rejects.toBe(cause)
      expect(await ids()).toEqual([1, 2])
    })

    test('on a failed statement, also when the work swallows the error', async () => {
      const attempt = db.transaction(async (tx) => {
        await insert(tx, 3)
        await insert(tx, 1).catch(() => {})
        await insert(tx, 4).catch(() => {})
      })
      await expect(attempt).rejects.toMatchObject({ code: '23505', constraint: 'item_pkey' })
      expect(await ids()).toEqual([1, 2])
    })

    test('on a failed statement that nobody awaits', async () => {
      const attempt = db.transaction(async (tx) => {
        void insert(tx, 3)
        void insert(tx, 1)
      })
      await expect(attempt).rejects.toMatchObject({ code: '23505' })
      expect(await ids()).toEqual([1, 2])
    })

    test('an error in the middle of a pipeline: before it answered, after it skipped, the first error thrown', async () => {
      const codes: unknown[] = []
      const record = (statement: Promise<unknown>) =>
        statement.then(
          () => codes.push('ok'),
          (error: unknown) => codes.push(error instanceof DatabaseError ? error.code : error),
        )
      const attempt = db.transaction(async (tx) => {
        await Promise.all([record(insert(tx, 3)), record(insert(tx, 4, -1)), record(insert(tx, 5)), record(tx.query('select 1'))])
        await insert(tx, 6)
      })
      await expect(attempt).rejects.toMatchObject({ code: '23514', constraint: 'item_n_positive' })
      expect(codes).toEqual(['ok', '23514', '25P02', '25P02'])
      expect(await ids()).toEqual([1, 2])
    })

    test.each([
      ['an unknown table', 'select * from nowhere', [], { code: '42P01' }],
      ['a value that is refused before it is sent', 'select $1::int as refused', [Number.NaN], { name: 'TypeError' }],
      ['a value that cannot be read', 'select $1::int8 as unreadable', [2n ** 60n], { code: '22003' }],
      ['a zero byte in the SQL', 'select 1\0', [], { name: 'TypeError' }],
    ])('on %s', async (_, text, values, expected) => {
      const attempt = db.transaction(async (tx) => {
        void insert(tx, 3)
        void tx.query(text, values).catch(() => {})
        void insert(tx, 4)
      })
      await expect(attempt).rejects.toMatchObject(expected)
      expect(await ids()).toEqual([1, 2])
    })

    test('a statement that ends the transaction by itself is an error', async () => {
      const attempt = db.transaction(async (tx) => {
        await tx.query('commit')
        await insert(tx, 3)
      })
      await expect(attempt).rejects.toMatchObject({ code: '25P01' })
      expect(await ids()).toEqual([1, 2])
    })
  })

  describe('isolation', () => {
    test('20 concurrent transactions that lock, read and write one row lose no increment', async () => {
      const increment = () =>
        db.transaction(async (tx) => {
          const [row] = await tx.query<{ n: number }>('select n from item where id = 1 for update')
          await new Promise((resolve) => setImmediate(resolve))
          await tx.query('update item set n = $1 where id = 1', [(row?.n ?? 0) + 1])
        })
      await Promise.all(Array.from({ length: 20 }, increment))
      expect(await db.query('select n from item where id = 1')).toEqual([{ n: 20 }])
    })

    test('queries outside see nothing of a transaction, or all of it', async () => {
      let seen: Promise<unknown[]> | undefined
      await db.transaction(async (tx) => {
        await insert(tx, 3)
        seen = db.query('select count(*) from item')
        if (features.concurrent) await seen
        await insert(tx, 4)
      })
      expect(await seen).toEqual([{ count: features.concurrent ? 2 : 4 }])
    })

    test.runIf(features.concurrent)('a second transaction runs meanwhile, and is seen once it has committed', async () => {
      const counts = await db.transaction(async (tx) => {
        const before = await tx.query('select count(*) from item')
        await db.transaction((other) => insert(other, 3))
        return [before, await tx.query('select count(*) from item')]
      })
      expect(counts).toEqual([[{ count: 2 }], [{ count: 3 }]])
    })

    test('a transaction object does not work after its end', async () => {
      let leaked: Transaction | undefined
      await db.transaction(async (tx) => {
        leaked = tx
        await insert(tx, 3)
      })
      await expect(leaked?.query('delete from item')).rejects.toMatchObject({ code: '25P01' })
      expect(await ids()).toEqual([1, 2, 3])
    })
  })
}
