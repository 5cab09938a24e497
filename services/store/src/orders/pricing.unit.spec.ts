import { mergeLines } from '@comptoir/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type OrderInput, price } from './pricing.ts'

const highestPrice = 100_000_000_000
const highestTotal = 2n ** 53n - 1n

const priceList = fc.array(fc.integer({ min: 1, max: highestPrice }), { minLength: 1, maxLength: 20 })
const lines = fc.array(fc.record({ product: fc.nat(), quantity: fc.integer({ min: 1, max: 1_000_000 }) }), {
  minLength: 1,
  maxLength: 30,
})

const shopOf = (prices: readonly number[]) => ({
  users: new Set([1]),
  prices: new Map(prices.map((price, id) => [id + 1, price])),
})
const orderOf = (items: readonly { product: number; quantity: number }[], products: number): OrderInput => ({
  user_id: 1,
  items: items.map(({ product, quantity }) => ({ product_id: (product % products) + 1, quantity })),
})

test('I17, row 22: a total is exact, or refused at the line with which it is too large', () => {
  let [accepted, refused] = [0, 0]
  fc.assert(
    fc.property(priceList, lines, (prices, items) => {
      const input = orderOf(items, prices.length)
      const priced = price(input, shopOf(prices))
      let exact = 0n
      const tooLarge = input.items.findIndex(({ product_id, quantity }) => {
        exact += BigInt(prices[product_id - 1] ?? 0) * BigInt(quantity)
        return exact > highestTotal
      })
      if (tooLarge >= 0) {
        refused += 1
        expect(priced).toEqual({ reason: 'total_too_large', pointer: `/items/${tooLarge}/quantity` })
      } else {
        accepted += 1
        expect(priced).toEqual({ total: Number(exact), prices: input.items.map(({ product_id }) => prices[product_id - 1]) })
      }
    }),
    { numRuns: 1_000 },
  )
  // Neither way is tested by chance only.
  expect(Math.min(accepted, refused)).toBeGreaterThan(20)
})

test.each([
  [9_007_199_254, 1_000_000, 740_991, true],
  [9_007_199_254, 1_000_000, 740_992, false],
])('row 22: the highest total to the cent (%i × %i + %i)', (unit, quantity, rest, fits) => {
  const input = {
    user_id: 1,
    items: [
      { product_id: 1, quantity },
      { product_id: 2, quantity: 1 },
    ],
  }
  expect('total' in price(input, shopOf([unit, rest]))).toBe(fits)
})

test('rows 37, 38: what is unknown is refused at its place, the user first', () => {
  const input = {
    user_id: 2,
    items: [
      { product_id: 1, quantity: 1 },
      { product_id: 9, quantity: 1 },
    ],
  }
  expect(price(input, shopOf([100]))).toEqual({ reason: 'unknown_user', pointer: '/user_id' })
  expect(price({ ...input, user_id: 1 }, shopOf([100]))).toEqual({ reason: 'unknown_product', pointer: '/items/1/product_id' })
})

test('row 36: merged lines ask for the same of each product, once, in the order in which they came', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ product_id: fc.integer({ min: 1, max: 5 }), quantity: fc.nat(1_000) })), (items) => {
      const merged = mergeLines(items)
      const products = merged.map((line) => line.product_id)
      expect(products).toEqual([...new Set(items.map((line) => line.product_id))])
      for (const { product_id, quantity } of merged) {
        const same = items.filter((line) => line.product_id === product_id)
        expect(quantity).toBe(same.reduce((sum, line) => sum + line.quantity, 0))
      }
    }),
  )
})
