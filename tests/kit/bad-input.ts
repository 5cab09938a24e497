import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { observe } from './observe.ts'
import { problemOf } from './problem.ts'
import { type StoreProcess, startStore } from './process.ts'
import { Shop } from './shop.ts'

/** One request that must be refused: its row of the catalogue, what is sent, and status, code and place of the answer. */
export type BadInput = readonly [
  row: string,
  request: string,
  body: unknown,
  status: number,
  code: string,
  place?: string | undefined,
  headers?: Record<string, string>,
]

export interface BadInputStore {
  readonly shop: () => Shop
}

/**
 * A suite against a real process of its own, in which everything is refused: what the API shows of the store is the same
 * after it as before.
 *
 * @param prepare what the store needs beyond the demo data
 */
export function refusals(name: string, prepare: (shop: Shop) => Promise<void>, suite: (store: BadInputStore) => void): void {
  describe(name, () => {
    let store: StoreProcess
    let shop: Shop
    let before: Record<string, string>
    beforeAll(async () => {
      store = await startStore()
      shop = new Shop(store.url)
      await prepare(shop)
      before = await observe(shop)
    })
    afterAll(() => store?.stop())

    suite({ shop: () => shop })

    it('I16: none of it had any effect', async () => {
      expect(await observe(shop)).toEqual(before)
    })
  })
}

/** Sends each of these, and compares the answer's status, code and place. `request` is `METHOD /path`. */
export function eachIsRefused(store: BadInputStore, table: readonly BadInput[]): void {
  for (const [row, request, body, status, code, place, headers] of table) {
    it(row, async () => {
      const [method = '', path = ''] = request.split(' ')
      const answer = await store.shop().send(method, path, body, headers)
      const expected = place === undefined ? [status, code] : [status, code, place]
      expect(problemOf(answer), answer.text).toEqual(expected)
    })
  }
}
