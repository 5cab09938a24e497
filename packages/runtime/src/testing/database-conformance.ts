import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, DatabaseError, type Transaction, type Value } from '../ports/database.ts'

/** In what adapters of the Database port differ. */
export interface DatabaseFeatures {
  /** Several transactions run at once; otherwise everything takes turns. */
  readonly concurrent: boolean
}

/** What every adapter of the Database port does. `open` is called more than once, each time for the same empty database. */
export function databaseConformance(name: string, open: () => Promise<Database>, features: DatabaseFeatures): void {
  describe(`the Database port on ${name}`, () => {
    let db: Database
    beforeAll(async () => {
      db = await open()
    })
    afterAll(() => db?.close())

    describe('values', () => values(() => db))
    describe('queries', () => queries(() => db))
    describe('transactions', () => transactions(() => db, features))
    closing(open)
  })
}

const nasty = ['', ' ', '"', '\\', '\\"', "'", ',', '{', '}', '{a,b}', 'NULL', 'null', 'a\nb\tc', 'é😀漢', '\u007f\u0080\uffff']

function values(database: () => Database): void {
  let db: Database
  beforeAll(() => {
    db = database()
  })

  async function echo(type: string, value: Value): Promise<unknown> {
    const [row] = await db.query<{ value: unknown }>(`select $1::${type} as value`, [value])
    return row?.value
  }

  describe('a value comes back as it went', () => {
    const uuid = '0191e0a0-7c1a-7b2c-9d3e-0123456789ab'
    test.each<[type: string, value: Value]>([
      ['int2', -32768],
      ['int4', 2147483647],
      ['int4', -2147483648],
      ['int8', 0],
      ['int8', Number.MAX_SAFE_INTEGER],
      ['int8', Number.MIN_SAFE_INTEGER],
      ['int8', 123456789012345],
      ['int8', -1234567890123456],
      ['float8', 0.1],
      ['float8', -1.7976931348623157e308],
      ['float8', 5e-324],
      ['bool', true],
      ['bool', false],
      ['uuid', uuid],
      ['text', null],
      ['int4', null],
      ['jsonb', null],
      ['int4[]', []],
      ['int4[]', [1, -2, null, 2147483647]],
      ['int8[]', [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 4294967296, -4294967297, null]],
      ['text[]', []],
      ['text[]', [null]],
      ['text[]', [...nasty, null]],
      ['varchar[]', nasty],
      ['uuid[]', [uuid, null]],
    ])('%s %j', async (type, value) => {
      expect(await echo(type, value)).toEqual(value)
    })

    test.each(nasty)('text %j', async (text) => {
      expect(await echo('text', text)).toBe(text)
    })

    test('text of 3 MB, alone and in an array', async () => {
      const text = '"é\\😀'.repeat(300_000)
      expect(await echo('text', text)).toBe(text)
      expect(await echo('text[]', ['a', text])).toEqual(['a', text])
    })

    test('json and jsonb, alone and in arrays', async () => {
      const value = { text: 'a"b\\c', nested: [1, null, { x: true }], emoji: '😀' }
      const json = JSON.stringify(value)
      expect(await echo('json', json)).toEqual(value)
      expect(await echo('jsonb', json)).toEqual(value)
      const rows = await db.query('select x from unnest($1::jsonb[]) x', [[json, '1', null]])
      expect(rows).toEqual([{ x: value }, { x: 1 }, { x: null }])
      expect(await db.query('select x from unnest($1::json[]) x', [[json]])).toEqual([{ x: value }])
    })

    test('float8 and bool arrays, row by row', async () => {
      const rows = await db.query('select x, y from unnest($1::float8[], $2::bool[]) as u(x, y)', [
        [0.1, null],
        [true, false],
      ])
      expect(rows).toEqual([
        { x: 0.1, y: true },
        { x: null, y: false },
      ])
    })
  })

  describe('a value arrives in another form', () => {
    test('bigints and digits are sent as they are; what exceeds the safe integers is read as text', async () => {
      const wide = 9223372036854775807n
      expect(await db.query('select $1::int8::text as one, $2::int8[]::text as more', [wide, [wide, -wide - 1n]])).toEqual([
        { one: '9223372036854775807', more: '{9223372036854775807,-9223372036854775808}' },
      ])
      expect(await echo('int8[]', ['12', 13n, 14])).toEqual([12, 13, 14])
    })

    test('types without a form in TypeScript are text, as PostgreSQL writes them', async () => {
      const [row] = await db.query(
        `select 1.50::numeric as numeric, '7'::xid8 as xid8, '2026-01-02 03:04:05Z'::timestamptz as at`,
      )
      expect(row).toEqual({ numeric: '1.50', xid8: '7', at: '2026-01-02 03:04:05+00' })
    })

    test('arrays of types without a binary form here are sent as text', async () => {
      expect(await echo('numeric[]', [1.5, 2])).toBe('{1.5,2}')
      expect(await echo('text[]', [1, true, 2n])).toEqual(['1', 'true', '2'])
      expect(await echo('uuid[]', ['{0191E0A0-7C1A-7B2C-9D3E-0123456789AB}'])).toEqual(['0191e0a0-7c1a-7b2c-9d3e-0123456789ab'])
    })
  })

  describe('a value is refused', () => {
    test.each([[9007199254740992n], [-9007199254740992n], [9007199254740993n]])(
      'int8 %s is not readable as a number',
      async (value) => {
        await expect(echo('int8', value)).rejects.toMatchObject({ code: '22003' })
        await expect(echo('int8[]', [value])).rejects.toMatchObject({ code: '22003' })
      },
    )

    test('row 29: U+0000 in text and in JSON', async () => {
      await expect(echo('text', 'a\0b')).rejects.toMatchObject({ code: '22021' })
      await expect(echo('text[]', ['a\0b'])).rejects.toMatchObject({ code: '22021' })
      await expect(echo('jsonb', '"a\\u0000b"')).rejects.toMatchObject({ code: '22P05' })
    })

    test.each([
      [undefined],
      [Number.NaN],
      [Number.POSITIVE_INFINITY],
      [new Date(0)],
      [{}],
      [Symbol('s')],
      [[1, undefined]],
      [[1, Number.NaN]],
      [[new Date(0)]],
      [[[1]]],
      // biome-ignore lint/suspicious/noSparseArray: a hole is the case
      [[1, , 2]],
    ])('%s is no parameter', async (value) => {
      const wrong = [value] as unknown as Value[]
      await expect(db.query('select $1::int[]', wrong)).rejects.toThrow(TypeError)
      await expect(db.query('select $1::int', wrong)).rejects.toThrow(TypeError)
    })

    test('too few and too many values, which would be a protocol violation and look transient', async () => {
      await expect(db.query('select $1::int', [])).rejects.toThrow(TypeError)
      await expect(db.query('select $1::int', [1, 2])).rejects.toThrow(TypeError)
    })

    test.each([
      ['int4[]', [1.5], '22P02'],
      ['int4[]', [2147483648], '22003'],
      ['int8[]', [2n ** 63n], '22003'],
      ['uuid[]', ['not a uuid'], '22P02'],
      ['uuid[]', ['0191e0a0-7c1a-7b2c-9d3e-0123456789ax'], '22P02'],
      ['bool[]', ['perhaps'], '22P02'],
    ] as const)('%s %s is judged by the server', async (type, value, code) => {
      await expect(echo(type, value)).rejects.toMatchObject({ code })
    })

    test('F31: JSON of 20,000 levels, with nothing kept of its transaction', async () => {
      await db.script('create table deep (id int, data jsonb)')
      const json = '['.repeat(20_000) + ']'.repeat(20_000)
      const attempt = db.transaction(async (tx) => {
        await tx.query('insert into deep values ($1, $2)', [1, '{}'])
        await tx.query('insert into deep values ($1, $2)', [2, json])
      })
      await expect(attempt).rejects.toMatchObject({ code: '54001' })
      expect(await db.query('select * from deep')).toEqual([])
    })
  })
}

function queries(database: () => Database): void {
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

function transactions(database: () => Database, features: DatabaseFeatures): void {
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

function closing(open: () => Promise<Database>): void {
  test('close waits for what is under way; then every call rejects with 57P01', async () => {
    const own = await open()
    const last = own.transaction(async (tx) => {
      await tx.query('select 1')
      return tx.query('select 2 as two')
    })
    const query = own.query('select 3 as three')
    const closed = own.close()
    expect(await last).toEqual([{ two: 2 }])
    expect(await query).toEqual([{ three: 3 }])
    await closed
    await own.close()
    await expect(own.query('select 1')).rejects.toMatchObject({ code: '57P01' })
    await expect(own.transaction(async () => {})).rejects.toMatchObject({ code: '57P01' })
    await expect(own.script('select 1')).rejects.toMatchObject({ code: '57P01' })
  })
}
