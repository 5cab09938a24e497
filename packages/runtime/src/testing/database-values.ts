import { beforeAll, describe, expect, test } from 'vitest'
import type { Database, Value } from '../ports/database.ts'

const nasty = ['', ' ', '"', '\\', '\\"', "'", ',', '{', '}', '{a,b}', 'NULL', 'null', 'a\nb\tc', 'é😀漢', '\u007f\u0080\uffff']

/** Values as they go to the database and come back. */
export function databaseValues(database: () => Database): void {
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
