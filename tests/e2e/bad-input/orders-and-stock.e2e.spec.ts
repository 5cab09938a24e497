import { expect, it } from 'vitest'
import { type BadInput, eachIsRefused, refusals } from '../../kit/bad-input.ts'
import { problemOf } from '../../kit/problem.ts'
import { exchange, head } from '../../kit/raw-http.ts'
import { card, order, orderOf, product } from '../../kit/requests.ts'

const orders = 'POST /store-api/orders'
const payments = 'POST /payments-api/payments'
const line = { product_id: 1, quantity: 1 }

/** What `prepare` makes, in this order: orders are numbered from 1001, payments from 1. */
const [placed, cancelled, paid] = [1001, 1002, 1003]
/** The payment of the cancelled order. */
const closedPayment = 2
const [deleted, emptyProduct] = [17, 18]

const table: BadInput[] = [
  ['row 35: items missing', orders, { user_id: 1 }, 400, 'required', '/items'],
  ['row 35: no items', orders, order({ items: [] }), 422, 'min_items', '/items'],
  ['row 35: 1,001 lines', orders, order({ items: Array(1001).fill(line) }), 422, 'max_items', '/items'],
  ['row 35: items as an object', orders, order({ items: { 0: line } }), 400, 'type', '/items'],
  ['row 35: a line without a quantity', orders, order({ items: [{ product_id: 1 }] }), 400, 'required', '/items/0/quantity'],
  ['row 35: no lines of an adjustment', 'PUT /store-api/stocks', { items: [], operation: '+' }, 422, 'min_items', '/items'],
  ['row 35: operation missing', 'PUT /store-api/stocks', { items: [line] }, 400, 'required', '/operation'],
  ['row 35: operation *', 'PUT /store-api/stocks', { items: [line], operation: '*' }, 400, 'enum', '/operation'],
  [
    'row 35: SQL as operation',
    'PUT /store-api/stocks',
    { items: [line], operation: '+ 1; drop table stocks' },
    400,
    'enum',
    '/operation',
  ],
  [
    'row 37: unknown product',
    orders,
    order({ items: [{ product_id: 999, quantity: 1 }] }),
    422,
    'unknown_product',
    '/items/0/product_id',
  ],
  [
    'row 37: a known and an unknown product',
    orders,
    order({ items: [line, { product_id: 999, quantity: 1 }] }),
    422,
    'unknown_product',
    '/items/1/product_id',
  ],
  [
    'row 37: an unknown product behind merged lines',
    orders,
    order({ items: [line, line, line, { product_id: 999, quantity: 1 }] }),
    422,
    'unknown_product',
    '/items/3/product_id',
  ],
  [
    'row 37: deleted product',
    orders,
    order({ items: [{ product_id: deleted, quantity: 1 }] }),
    422,
    'unknown_product',
    '/items/0/product_id',
  ],
  ['row 37: product 0', orders, order({ items: [{ product_id: 0, quantity: 1 }] }), 422, 'range', '/items/0/product_id'],
  [
    'row 37: adjustment with an unknown product',
    'PUT /store-api/stocks',
    { items: [line, { product_id: 999, quantity: 1 }], operation: '+' },
    422,
    'unknown_product',
    '/items/1/product_id',
  ],
  ['row 38: unknown user', orders, order({ user_id: 999 }), 422, 'unknown_user', '/user_id'],
  [
    'row 39: more than there is, taken by hand',
    'PUT /store-api/stocks',
    { items: [line, { product_id: 3, quantity: 3 }], operation: '-' },
    409,
    'not_enough_stock',
    '/items/1/quantity',
  ],
  ['row 40: price in a line', orders, order({ items: [{ ...line, price: 1 }] }), 400, 'unknown_field', '/items/0/price'],
  [
    'row 40: unit_price in a line',
    orders,
    order({ items: [{ ...line, unit_price: 1 }] }),
    400,
    'unknown_field',
    '/items/0/unit_price',
  ],
  ['row 40: total', orders, order({ total_amount: 1 }), 400, 'unknown_field', '/total_amount'],
  ['row 42: cancelling an unknown order', 'DELETE /store-api/orders/2147483647', undefined, 404, 'unknown_order'],
  ['row 42: cancelling a cancelled order', `DELETE /store-api/orders/${cancelled}`, undefined, 404, 'already_cancelled'],
  ['row 42: cancelling a paid order', `DELETE /store-api/orders/${paid}`, undefined, 409, 'already_paid'],
  ['row 43: paying a cancelled order', `POST /payments-api/payments/process/${closedPayment}`, card({}), 409, 'payment_closed'],
  [
    'row 43: marking a cancelled order as paid',
    'PUT /store-api/orders',
    { order_id: cancelled, is_paid: true },
    409,
    'order_closed',
  ],
  ['row 43: marking a paid order as unpaid', 'PUT /store-api/orders', { order_id: paid, is_paid: false }, 409, 'already_paid'],
  [
    'row 43: marking with the payment of another order',
    'PUT /store-api/orders',
    { order_id: placed, is_paid: true, payment_id: 3 },
    422,
    'other_payment',
    '/payment_id',
  ],
  ['row 43: marking an unknown order', 'PUT /store-api/orders', { order_id: 2147483647, is_paid: true }, 404, 'unknown_order'],
  [
    'row 43: a payment of another amount',
    payments,
    { user_id: 1, order_id: placed, total_amount: 1 },
    409,
    'payment_differs',
    '/order_id',
  ],
  [
    'row 43: a payment of another user',
    payments,
    { user_id: 2, order_id: placed, total_amount: 59.5 },
    409,
    'payment_differs',
    '/order_id',
  ],
  [
    'row 43: a payment of a cancelled order',
    payments,
    { user_id: 1, order_id: cancelled, total_amount: 59.5 },
    409,
    'order_closed',
    '/order_id',
  ],
  [
    'row 43: an expired card',
    'POST /payments-api/payments/process/1',
    card({ expirationDate: '2020-01-31' }),
    422,
    'card_expired',
    '/expirationDate',
  ],
  [
    'row 43: a declined card',
    'POST /payments-api/payments/process/1',
    card({ cardNumber: 4000000000000002 }),
    422,
    'card_declined',
    '/cardNumber',
  ],
  [
    'row 43: a card of 11 digits',
    'POST /payments-api/payments/process/1',
    card({ cardNumber: 99999999999 }),
    422,
    'range',
    '/cardNumber',
  ],
  [
    'row 43: a card above the ceiling of payments',
    payments,
    { user_id: 1, order_id: 900, total_amount: 10_000_000.01 },
    422,
    'over_ceiling',
    '/total_amount',
  ],
  ['row 43: a payment of a user on hold', payments, { user_id: 4, order_id: 900, total_amount: 1 }, 422, 'on_hold', '/user_id'],
  ['row 44: deleting a product with stock', 'DELETE /store-api/products/4', undefined, 409, 'product_in_stock'],
  ['row 44: deleting a product with orders', 'DELETE /store-api/products/2', undefined, 409, 'product_ordered'],
  ['row 44: deleting a user with orders', 'DELETE /store-api/users/1', undefined, 409, 'user_has_orders'],
  ['row 44: deleting a deleted product', `DELETE /store-api/products/${deleted}`, undefined, 404, 'unknown_product'],
  [
    'row 45: level of an unknown product',
    'POST /store-api/stocks',
    { product_id: 999, quantity: 1 },
    404,
    'unknown_product',
    '/product_id',
  ],
  ['row 45: a negative level', 'POST /store-api/stocks', { product_id: 1, quantity: -1 }, 422, 'range', '/quantity'],
  [
    'row 45: taking from a product without a level',
    'PUT /store-api/stocks',
    { items: [{ product_id: emptyProduct, quantity: 1 }], operation: '-' },
    409,
    'not_enough_stock',
    '/items/0/quantity',
  ],
  [
    'row 46: a stale ETag',
    'POST /store-api/stocks',
    { product_id: 1, quantity: 7 },
    412,
    'stale',
    'If-Match',
    { 'if-match': '"999"' },
  ],
  [
    'row 46: an ETag of somebody else',
    'PUT /store-api/stocks',
    { items: [line], operation: '+' },
    412,
    'stale',
    'If-Match',
    { 'if-match': '"abc", W/"1"' },
  ],
  [
    'row 46: an ETag without quotes',
    'POST /store-api/stocks',
    { product_id: 1, quantity: 7 },
    400,
    'format',
    'If-Match',
    { 'if-match': '1' },
  ],
  [
    'row 46: an empty If-Match',
    'POST /store-api/stocks',
    { product_id: 1, quantity: 7 },
    400,
    'format',
    'If-Match',
    { 'if-match': '' },
  ],
  [
    'row 46: one ETag for two levels',
    'PUT /store-api/stocks',
    { items: [line, { product_id: 2, quantity: 1 }], operation: '+' },
    400,
    'several_levels',
    'If-Match',
    { 'if-match': '"1"' },
  ],
  ['row 47: a used sku', 'POST /store-api/products', product({ sku: 'LP12567' }), 409, 'sku_taken', '/sku'],
  [
    'row 50: a used key with another body',
    orders,
    order({ user_id: 2 }),
    422,
    'idempotency_key_reused',
    undefined,
    { 'idempotency-key': 'used' },
  ],
  [
    'row 50: a key of a payment with another body',
    payments,
    { user_id: 1, order_id: 777, total_amount: 2 },
    422,
    'idempotency_key_reused',
    undefined,
    { 'idempotency-key': 'used' },
  ],
  ['row 51: an empty key', orders, order(), 400, 'format', 'Idempotency-Key', { 'idempotency-key': '' }],
  ['row 51: a key of 256 characters', orders, order(), 400, 'format', 'Idempotency-Key', { 'idempotency-key': 'k'.repeat(256) }],
  [
    'row 51: a key of 256 characters for a payment',
    payments,
    { user_id: 1, order_id: 501, total_amount: 1 },
    400,
    'format',
    'Idempotency-Key',
    { 'idempotency-key': 'k'.repeat(256) },
  ],
  ['row 51: a key with a tab', orders, order(), 400, 'format', 'Idempotency-Key', { 'idempotency-key': 'a\tb' }],
]

refusals(
  'Orders, stock and keys',
  async (shop) => {
    await shop.placed([{ product_id: 2, quantity: 1 }])
    const second = await shop.placed([{ product_id: 2, quantity: 1 }])
    const third = await shop.placed([{ product_id: 2, quantity: 1 }])
    expect((await shop.delete(`/store-api/orders/${second.order_id}`)).status).toBe(200)
    expect((await shop.pay(third)).status).toBe(200)
    expect((await shop.delete(`/store-api/products/${await shop.product()}`)).status).toBe(200)
    await shop.product()
    const key = { 'idempotency-key': 'used' }
    expect((await shop.post('/store-api/orders', order(), { ...key, prefer: 'wait=10' })).status).toBe(201)
    expect((await shop.post('/payments-api/payments', { user_id: 1, order_id: 777, total_amount: 1 }, key)).status).toBe(201)
  },
  (store) => {
    eachIsRefused(store, table)

    const raw: [row: string, header: string, code: string][] = [
      ['row 51: a key that is not ASCII', 'Idempotency-Key: caf\u00e9\r\n', 'malformed_header'],
      ['row 51: two keys', 'Idempotency-Key: a\r\nIdempotency-Key: b\r\n', 'format'],
      ['row 51: the same key twice', 'Idempotency-Key: a\r\nIdempotency-Key: a\r\n', 'format'],
      ['row 51: a control in a key', 'Idempotency-Key: a\u0001b\r\n', 'malformed_request'],
    ]
    it.each(raw)('%s', async (_row, header, code) => {
      const length = `Content-Type: application/json\r\nContent-Length: ${orderOf('1').length}\r\n`
      const answer = await exchange(store.shop().url, head('POST', '/store-api/orders', header + length) + orderOf('1'))
      expect(problemOf(answer).slice(0, 2), answer.text).toEqual([400, code])
    })

    it('rows 42, 44: what was not deleted says so to old clients', async () => {
      for (const path of [`orders/${cancelled}`, `orders/${paid}`, 'users/999', 'products/999'])
        expect((await store.shop().delete(`/store-api/${path}`)).json(), path).toMatchObject({ deleted: false })
    })
  },
)
