import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Database } from '../ports/database.ts'
import { systemIds } from '../system.ts'
import { openWorld, World } from '../testing/world.ts'
import { type Claim, claimInbox } from './inbox.ts'

let database: Database
beforeAll(async () => {
  database = await openWorld()
})
beforeEach(async () => {
  await World.create(database)
})
afterAll(() => database.close())

const ids = systemIds()
const claim = (step: string, outcome: Claim['outcome'] = 'done'): Claim => ({
  id: ids.uuid(),
  step,
  phase: 'do',
  outcome,
  data: `{"step":"${step}"}`,
})
const some = (count: number, step: string) => Array.from({ length: count }, () => claim(step))
/** Of these claims, those that are fresh. */
const fresh = async (claims: readonly Claim[]) => {
  const isFresh = await database.transaction((tx) => claimInbox(tx, 'a', claims))
  return claims.filter(isFresh)
}

it.each([
  ['few', 5],
  ['many of one step', 40],
])('F9, I9: of claims that were made before, the others are fresh, and no claim is fresh twice: %s', async (_what, count) => {
  const before = some(count, 'book')
  expect(await fresh(before)).toEqual(before)
  const added = some(count, 'book')
  expect(await fresh([...before, ...added])).toEqual(added)
  expect(await fresh(before)).toEqual([])
})

it('F9, I9: also where many of one step come with few of others, and with one that overtook its step', async () => {
  const overtaken = claim('book', 'refused')
  const before = [...some(20, 'book'), ...some(3, 'pack'), overtaken]
  expect(await fresh(before)).toEqual(before)
  const added = [...some(30, 'pack'), ...some(2, 'pay'), claim('book')]
  const repeated = before.map((one) => ({ ...one, outcome: 'done' as const }))
  expect(await fresh([...added, ...repeated])).toEqual(added)
  const rows = await database.query<{ id: string; outcome: string; data: string }>('select id, outcome, data from a.inbox')
  expect(new Map(rows.map((row) => [row.id, [row.outcome, row.data]]))).toEqual(
    new Map([...before, ...added].map(({ id, outcome, data }) => [id, [outcome, data]])),
  )
})
