import { Type } from 'typebox'
import { expect, it } from 'vitest'
import { literalsOf, schemaText } from './schema-text.ts'

it.each([
  ['{}', Type.Object({})],
  ['{ id: integer, note?: string }', Type.Object({ id: Type.Integer(), note: Type.Optional(Type.String()) })],
  ['{ id: integer }[]', Type.Array(Type.Object({ id: Type.Integer() }))],
  ['(a | b)[]', Type.Array(Type.Union([Type.Literal('a'), Type.Literal('b')]))],
  ['string | null', Type.Union([Type.String(), Type.Null()])],
  ['x | y', { enum: ['x', 'y'] }],
  ['any', {}],
])('writes %s', (text, schema) => {
  expect(schemaText(schema)).toBe(text)
})

it('lists the literals of a schema, or says what else it allows', () => {
  expect(literalsOf(Type.Literal('sold_out'))).toEqual(['sold_out'])
  expect(literalsOf(Type.Union([Type.Literal('a'), Type.Union([Type.Literal('b'), Type.Literal('c')])]))).toEqual(['a', 'b', 'c'])
  expect(literalsOf({ enum: ['x', 1] })).toEqual(['x', '1'])
  expect(literalsOf(Type.String())).toEqual(['string'])
})
