import type { FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { entityTag, expectedVersions } from './entity-tag.ts'

const of = (header: string | undefined) => expectedVersions({ headers: { 'if-match': header } } as unknown as FastifyRequest)

describe('row 46: If-Match', () => {
  it.each([
    [undefined, undefined],
    ['*', 'any'],
    [' "3" ', [3]],
    [entityTag(7), [7]],
    ['"1","2" ,\t"3"', [1, 2, 3]],
    ['W/"3"', []],
    ['"3", W/"4"', [3]],
    ['"abc", "03", "", "3,", "5"', [5]],
    ['"99999999999", "9999999999", "2147483647"', [2_147_483_647]],
  ])('%s asks for %j', (header, versions) => {
    expect(of(header)).toEqual(versions)
  })

  it.each(['', '3', '"3', '3"', '"3" "4"', '"3",', ',"3"', '*, "3"', 'w/"3"', '"3";x', `${'"1" '.repeat(3_000)}`])(
    '%j is malformed',
    (header) => {
      expect(() => of(header)).toThrow('Send If-Match as the ETag of the entry with its quotes')
    },
  )
})
