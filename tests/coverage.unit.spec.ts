import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const root = new URL('../', import.meta.url)
const table = readFileSync(new URL('coverage.md', import.meta.url), 'utf8')
const rows = [...table.matchAll(/^\| ([FI]?\d+) \| (.*?) \| (.*) \|$/gm)].map(([, id = '', what = '', where = '']) => ({
  id,
  what,
  where,
}))

const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`)
const catalogue = [...numbered('F', 52), ...numbered('I', 24), ...numbered('', 68)]

/** What may stand instead of a test: a later issue, or something later or not at all, in words. */
const instead = /^(?:#[45]: .{5,}|later: .{5,}|not applicable: .{5,})$/

/** What is wrong with one entry of a cell; undefined when nothing is. */
function fault(entry: string): string | undefined {
  const [, file, title] = /^`([^`]+)` "([^"]+)"$/.exec(entry) ?? []
  if (file === undefined || title === undefined) return instead.test(entry) ? undefined : `neither a test nor a reason: ${entry}`
  const path = new URL(file, root)
  if (!existsSync(path)) return `no such file: ${file}`
  return readFileSync(path, 'utf8').includes(title) ? undefined : `no test of ${file} is called so: ${title}`
}

it('every fault, invariant and bad input of the catalogue has one row', () => {
  expect(rows.map(({ id }) => id)).toEqual(catalogue)
})

it.each(rows)('$id, $what: is tested, or it says why not', ({ where }) => {
  expect(where.split(' · ').map(fault).filter(Boolean)).toEqual([])
})

it('an empty cell, a test that is gone and an unknown issue are found', () => {
  for (const entry of [
    '',
    'later:',
    '#9: something',
    '`tests/gone.unit.spec.ts` "x"',
    '`tests/coverage.unit.spec.ts` "no such\u0020title"',
  ])
    expect(fault(entry), entry).toBeDefined()
})
