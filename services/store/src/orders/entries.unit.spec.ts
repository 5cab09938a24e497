import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entryOfOrder, orderOfEntry } from './entries.ts'
import type { Order } from './order.ts'
import { orderAnswer } from './schemas.ts'

const linkTo = (payment: number) => `http://shop.example/pay/${payment}`
const id = fc.integer({ min: 1, max: 2_147_483_647 })
const money = (max: number) => fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max }))
const line = fc.record({
  product_id: id,
  quantity: fc.integer({ min: 1, max: 1_000_000_000 }),
  unit_price: money(100_000_000_000),
})
const order: fc.Arbitrary<Order> = fc.record({
  order_id: fc.integer({ min: 1001, max: Number.MAX_SAFE_INTEGER }),
  saga_id: fc.uuid(),
  user_id: id,
  total: money(Number.MAX_SAFE_INTEGER),
  items: fc.array(line, { minLength: 1, maxLength: 5 }),
  payment_id: fc.option(id),
  status: fc.constantFrom('PENDING', 'PLACED', 'PAID', 'CANCELLING', 'CANCELLED', 'EXPIRED', 'NEEDS_ATTENTION'),
  reason: fc.option(fc.constantFrom('out_of_stock', 'error')),
  // As the database tells it: with microseconds.
  created_at: fc.integer({ min: 1_700_000_000_000_000, max: 1_900_000_000_000_000 }).map((micros) => micros / 1_000),
  version: fc.integer({ min: 1, max: 2_147_483_647 }),
})

describe('an order as an entry', () => {
  it('is read back as it is answered, whatever the order', () => {
    fc.assert(
      fc.property(order, (written) => {
        const read = orderOfEntry(entryOfOrder(written, linkTo))
        expect(read && orderAnswer(read, linkTo)).toEqual(orderAnswer(written, linkTo))
        expect([read?.order_id, read?.version, read?.payment_id]).toEqual([written.order_id, written.version, written.payment_id])
      }),
    )
  })

  it('is not read when a field is missing', () => {
    const [sample] = fc.sample(order, 1)
    const { fields, ...entry } = entryOfOrder(sample as Order, linkTo)
    for (const field of ['user_id', 'total_amount', 'items', 'status', 'saga_id', 'created_at']) {
      const { [field]: _, ...others } = fields
      expect(orderOfEntry({ ...entry, fields: others }), field).toBeUndefined()
    }
  })
})
