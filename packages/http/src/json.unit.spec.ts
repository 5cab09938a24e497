import { describe, expect, it } from 'vitest'
import { parseJson } from './json.ts'
import { Problem } from './problem.ts'

const parse = (text: string) => parseJson(Buffer.from(text))

function refusal(body: string | Buffer): { status: number; code: string; pointer: string | undefined; detail: string } {
  try {
    parseJson(Buffer.from(body))
  } catch (error) {
    if (error instanceof Problem) {
      return { status: error.status, code: error.code, pointer: error.errors[0]?.pointer, detail: error.message }
    }
    throw error
  }
  throw new Error(`Accepted: ${body.toString().slice(0, 80)}`)
}

describe('parseJson', () => {
  it.each([
    '{}',
    '[]',
    ' \r\n\t{ "a" : [ 1 , -0 , 1.5e-3 , 1E2 , true , false , null , "" ] , "" : { } } ',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00 é 😀"',
    '{"toString":1,"hasOwnProperty":2,"valueOf":{"a":[]}}',
    '9007199254740991',
    '0.1',
    '1e300',
  ])('reads %s as JSON.parse does', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text))
  })

  it.each([
    ['{"a":1', 6],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ["{'a':1}", 1],
    ['{a:1}', 1],
    ['{"a" 1}', 5],
    ['{"a":1} x', 8],
    ['{"a":1}{}', 7],
    ['// note\n{}', 0],
    ['\ufeff{}', 0],
    ['01', 1],
    ['+1', 0],
    ['.5', 0],
    ['1.', 1],
    ['-', 0],
    ['NaN', 0],
    ['Infinity', 0],
    ['nul', 0],
    ['"a\nb"', 2],
    ['"a', 2],
    ['"\\x"', 1],
    ['"\\u12g4"', 1],
    ['{', 1],
    ['[', 1],
    [' ', 1],
    ['', 0],
  ])('row 2: %j is refused at offset %i', (text, offset) => {
    expect(() => JSON.parse(text)).toThrow()
    expect(refusal(text)).toMatchObject({
      status: 400,
      code: 'malformed_json',
      detail: expect.stringContaining(`offset ${offset}.`),
    })
  })

  it('row 2: bytes that are not UTF-8 are refused', () => {
    expect(refusal(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ status: 400, code: 'malformed_json' })
  })

  it('row 3: a key sent twice is refused, however it is written', () => {
    expect(refusal('{"items":[{"quantity":1},{"quantity":1,"quantity":9}]}')).toMatchObject({
      status: 400,
      code: 'duplicate_key',
      pointer: '/items/1/quantity',
    })
    expect(refusal('{"a":1,"\\u0061":2}')).toMatchObject({ code: 'duplicate_key', pointer: '/a' })
    expect(parse('[{"a":1},{"a":2}]')).toEqual([{ a: 1 }, { a: 2 }])
  })

  it('row 8: 32 levels are read, 33 and 100,000 are refused', () => {
    expect(parse('['.repeat(32) + ']'.repeat(32))).toBeInstanceOf(Array)
    expect(refusal('['.repeat(33) + ']'.repeat(33))).toMatchObject({ status: 400, code: 'too_deep' })
    expect(refusal('{"a":'.repeat(33))).toMatchObject({ code: 'too_deep' })
    expect(refusal('['.repeat(100_000))).toMatchObject({ code: 'too_deep' })
  })

  it('row 9: 20,000 values are read, one more is refused', () => {
    const list = (length: number) => JSON.stringify(Array.from({ length }, () => 0))
    expect(parse(list(19_999))).toHaveLength(19_999)
    expect(refusal(list(20_000))).toMatchObject({ status: 400, code: 'too_many_values', pointer: '/19999' })
  })

  it.each(['{"__proto__":{"a":1}}', '{"a":{"constructor":{"prototype":{}}}}', '{"\\u005f_proto__":1}'])(
    'row 10: %s is refused',
    (text) => {
      expect(refusal(text)).toMatchObject({ status: 400, code: 'forbidden_key' })
    },
  )

  it('row 19: an integer that a double cannot hold is 400, a number beyond all doubles 422', () => {
    expect(refusal('{"a":[0,9007199254740993]}')).toMatchObject({ status: 400, code: 'unsafe_integer', pointer: '/a/1' })
    expect(refusal('-9007199254740992')).toMatchObject({ status: 400, code: 'unsafe_integer', pointer: '' })
    expect(refusal('{"a":1e400}')).toMatchObject({ status: 422, code: 'range', pointer: '/a' })
  })

  it.each(['"a\\u0000"', '"\\ud800"', '"\\udc00x"', '{"\\ud800":1}'])('rows 29, 30: %s is refused', (text) => {
    expect(refusal(text)).toMatchObject({ status: 400, code: 'not_text' })
  })

  it('points into the document after leaving inner objects and lists', () => {
    expect(refusal('{"a/b":{"x":[1,{"y":2}]},"~":[[],{"k":1e999}]}')).toMatchObject({ pointer: '/~0/1/k' })
    expect(refusal('{"a/b":{"x":1},"c":99999999999999999}')).toMatchObject({ pointer: '/c' })
    expect(refusal('{"a/b":99999999999999999}')).toMatchObject({ pointer: '/a~1b' })
  })
})
