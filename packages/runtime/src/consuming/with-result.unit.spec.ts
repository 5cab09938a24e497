import fc from 'fast-check'
import { expect, it } from 'vitest'
import { withResult } from './with-result.ts'

const name = fc.constantFrom('a', 'b', 'quo"ted', '')
const known = fc.dictionary(name, fc.jsonValue(), { noNullPrototype: true })
const spaces = fc.constantFrom(undefined, 2)
const around = fc.constantFrom(['', ''], [' ', ''], ['', '\n'], ['\t', ' ']) as fc.Arbitrary<[string, string]>

it('says what was known and the result, however the text was written', () => {
  fc.assert(
    fc.property(
      known,
      name,
      fc.dictionary(name, fc.jsonValue()),
      spaces,
      around,
      (before, step, result, indent, [left, right]) => {
        const text = withResult(`${left}${JSON.stringify(before, null, indent)}${right}`, before, step, result)
        const expected: unknown = JSON.parse(JSON.stringify({ ...before, [step]: result }))
        expect(JSON.parse(text)).toEqual(expected)
        // No name twice: some readers take the first of them.
        expect(text.split(JSON.stringify(step)).length).toBe(JSON.stringify(expected).split(JSON.stringify(step)).length)
      },
    ),
    { numRuns: 1_000 },
  )
})
