import { expect, it } from 'vitest'
import { type BadInput, eachIsRefused, refusals } from '../../kit/bad-input.ts'
import { problemOf } from '../../kit/problem.ts'
import { adjustment, card, order, orderOf, product } from '../../kit/requests.ts'

const orders = 'POST /store-api/orders'
const adjusting = 'PUT /store-api/stocks'
const setting = 'POST /store-api/stocks'
const products = 'POST /store-api/products'
const quantity = '/items/0/quantity'
/** The dearest product there can be, made before the table begins. */
const dearest = 17

const level = (written: string): string => `{"product_id":1,"quantity":${written}}`
const priced = (written: string): string => JSON.stringify(product({ price: 'P' })).replace('"P"', written)

const noInteger: BadInput[] = ['"5"', 'true', 'null', '[5]', '{}'].flatMap((written): BadInput[] => [
  [`row 16: order of ${written}`, orders, orderOf(written), 400, 'type', quantity],
  [`row 16: adjustment by ${written}`, adjusting, adjustment(written), 400, 'type', quantity],
  [`row 16: level ${written}`, setting, level(written), 400, 'type', '/quantity'],
  [`row 16: price ${written}`, products, priced(written), 400, 'type', '/price'],
  [`row 16: user ${written}`, orders, `{"user_id":${written},"items":[{"product_id":1,"quantity":1}]}`, 400, 'type', '/user_id'],
])

const quantities: BadInput[] = [
  ...['0', '-1', '-3', '-0'].flatMap((written): BadInput[] => [
    [`row 17: order of ${written}`, orders, orderOf(written), 422, 'range', quantity],
    [`row 17: adjustment by ${written}`, adjusting, adjustment(written), 422, 'range', quantity],
    [`row 17: taking ${written} away`, adjusting, adjustment(written, '-'), 422, 'range', quantity],
  ]),
  ['row 17: level -1', setting, level('-1'), 422, 'range', '/quantity'],
  [
    'row 17: -3 beside a dear line',
    orders,
    order({
      items: [
        { product_id: 1, quantity: 1 },
        { product_id: 2, quantity: -3 },
      ],
    }),
    422,
    'range',
    '/items/1/quantity',
  ],
  ...['1.5', '1.0000000001'].flatMap((written): BadInput[] => [
    [`row 18: order of ${written}`, orders, orderOf(written), 400, 'type', quantity],
    [`row 18: adjustment by ${written}`, adjusting, adjustment(written), 400, 'type', quantity],
    [`row 18: level ${written}`, setting, level(written), 400, 'type', '/quantity'],
  ]),
  ['row 19: order of 1,000,001', orders, orderOf('1000001'), 422, 'range', quantity],
  ['row 19: order of 1e9', orders, orderOf('1e9'), 422, 'range', quantity],
  ...['2147483648', '1e400'].flatMap((written): BadInput[] => [
    [`row 19: order of ${written}`, orders, orderOf(written), 422, 'range', quantity],
    [`row 19: adjustment by ${written}`, adjusting, adjustment(written), 422, 'range', quantity],
    [`row 19: level ${written}`, setting, level(written), 422, 'range', '/quantity'],
  ]),
  ['row 19: order of 9007199254740993', orders, orderOf('9007199254740993'), 400, 'unsafe_integer', quantity],
  ['row 19: level 9007199254740993', setting, level('9007199254740993'), 400, 'unsafe_integer', '/quantity'],
  [
    'row 19: order for user 9007199254740993',
    orders,
    '{"user_id":9007199254740993,"items":[]}',
    400,
    'unsafe_integer',
    '/user_id',
  ],
  ['row 19: a level that would be too high', adjusting, adjustment('2147483647'), 422, 'level_too_high', quantity],
]

const money: BadInput[] = [
  ['row 20: price NaN', products, priced('NaN'), 400, 'malformed_json', ''],
  ['row 20: price Infinity', products, priced('Infinity'), 400, 'malformed_json', ''],
  ['row 20: price "NaN"', products, product({ price: 'NaN' }), 400, 'type', '/price'],
  [
    'row 20: payment of "Infinity"',
    'POST /payments-api/payments',
    { user_id: 1, order_id: 500, total_amount: 'Infinity' },
    400,
    'type',
    '/total_amount',
  ],
  ['row 21: price 19.999', products, product({ price: 19.999 }), 422, 'precision', '/price'],
  ['row 21: price 0.005', products, product({ price: 0.005 }), 422, 'precision', '/price'],
  ['row 21: price -0.01', products, product({ price: -0.01 }), 422, 'range', '/price'],
  ['row 21: price 0', products, product({ price: 0 }), 422, 'range', '/price'],
  ['row 21: price 1,000,000,000.01', products, product({ price: 1_000_000_000.01 }), 422, 'range', '/price'],
  ['row 21: price 1e12', products, product({ price: 1e12 }), 422, 'range', '/price'],
  [
    'row 21: payment of 0',
    'POST /payments-api/payments',
    { user_id: 1, order_id: 500, total_amount: 0 },
    422,
    'range',
    '/total_amount',
  ],
  [
    'row 21: payment of 10.001',
    'POST /payments-api/payments',
    { user_id: 1, order_id: 500, total_amount: 10.001 },
    422,
    'precision',
    '/total_amount',
  ],
  [
    'row 22: a total that overflows',
    orders,
    order({ items: [{ product_id: dearest, quantity: 1_000_000 }] }),
    422,
    'total_too_large',
    quantity,
  ],
  [
    'row 22: a sum that overflows, in the second line',
    orders,
    order({
      items: [
        { product_id: dearest, quantity: 90_071 },
        { product_id: 1, quantity: 1_000_000 },
        { product_id: 2, quantity: 1_000_000 },
      ],
    }),
    422,
    'total_too_large',
    '/items/1/quantity',
  ],
]

const idForms = [
  'abc',
  '1.0',
  '01',
  '-1',
  '+1',
  '0',
  '1e3',
  '2147483648',
  '99999999999999999999',
  '1;DROP',
  "1' OR '1'='1",
  '%20',
  '\u0661',
]
const idRoutes: [request: string, name: string][] = [
  ['GET /store-api/users/', 'id'],
  ['DELETE /store-api/users/', 'id'],
  ['GET /store-api/products/', 'id'],
  ['DELETE /store-api/products/', 'id'],
  ['GET /store-api/stocks/', 'product_id'],
  ['GET /store-api/orders/', 'order_id'],
  ['DELETE /store-api/orders/', 'order_id'],
  ['GET /payments-api/payments/', 'payment_id'],
  ['GET /payments-api/payments/process/', 'payment_id'],
  ['PUT /payments-api/holds/', 'user_id'],
  ['DELETE /payments-api/holds/', 'user_id'],
]
const ids: BadInput[] = idRoutes.flatMap(([request, name]) =>
  idForms.map(
    (form): BadInput => [
      `row 24: ${request}${form}`,
      request + (form.startsWith('%') ? form : encodeURIComponent(form)),
      undefined,
      400,
      'format',
      name,
    ],
  ),
)
const unknownIds: BadInput[] = [
  ['row 24: a user that is not there', 'GET /store-api/users/2147483647', undefined, 404, 'unknown_user'],
  ['row 24: a product that is not there', 'GET /store-api/products/2147483647', undefined, 404, 'unknown_product'],
  ['row 24: a level that is not there', 'GET /store-api/stocks/2147483647', undefined, 404, 'unknown_stock'],
  ['row 24: an order that is not there', 'GET /store-api/orders/2147483647', undefined, 404, 'unknown_order'],
  ['row 24: a payment that is not there', 'GET /payments-api/payments/2147483647', undefined, 404, 'unknown_payment'],
  [
    'row 24: a payment that is not there, to be paid',
    'POST /payments-api/payments/process/2147483647',
    card({}),
    404,
    'unknown_payment',
  ],
  [
    'row 24: a payment in a wrong form, to be paid',
    'POST /payments-api/payments/process/01',
    card({}),
    400,
    'format',
    'payment_id',
  ],
  ['row 24: an id in a body that nothing can have', orders, order({ user_id: 2 ** 31 }), 422, 'range', '/user_id'],
  ['row 24: order 0 in a body', 'PUT /store-api/orders', { order_id: 0, is_paid: true }, 422, 'range', '/order_id'],
]

const saga = '0193e0c6-6b1a-7cc0-8f0e-000000000001'
const uuids: BadInput[] = [
  saga.toUpperCase(),
  `{${saga}}`,
  saga.replaceAll('-', ''),
  saga.replace('-7', '-9'),
  '01JDXYZ0000000000000000000',
  'null',
].flatMap((form): BadInput[] => [
  [`row 25: saga ${form}`, `GET /saga-api/sagas/${encodeURIComponent(form)}`, undefined, 400, 'format', 'saga_id'],
  [
    `row 25: retry of saga ${form}`,
    `POST /saga-api/sagas/${encodeURIComponent(form)}/retry`,
    undefined,
    400,
    'format',
    'saga_id',
  ],
])

const paying = 'POST /payments-api/payments/process/1'
const dates: BadInput[] = [
  ...['2026-02-30', '2030-1-5', '05/01/2030', '2030-01-05T00:00:00Z', '294277-01-01', '01/30', ''].map(
    (date): BadInput => [`row 26: expiry ${date}`, paying, card({ expirationDate: date }), 422, 'format', '/expirationDate'],
  ),
  ['row 26: expiry as a number', paying, card({ expirationDate: 1893456000 }), 400, 'type', '/expirationDate'],
]

const lists: [request: string][] = [['GET /store-api/orders'], ['GET /saga-api/sagas']]
const paging: BadInput[] = lists.flatMap(([request]) => [
  ...['0', '-1', '1000000000', '201', '1.5', '', 'ten', '%00'].map(
    (limit): BadInput => [`row 27: ${request}?limit=${limit}`, `${request}?limit=${limit}`, undefined, 400, 'format', 'limit'],
  ),
  ...['abc', 'AAAAAAAAAAAAAAAAAAAAADE', "'", 'a'.repeat(512)].map(
    (cursor): BadInput => [
      `row 27: ${request}?cursor=${cursor.slice(0, 30)}`,
      `${request}?cursor=${cursor}`,
      undefined,
      400,
      'cursor',
      'cursor',
    ],
  ),
  [`row 27: ${request} with an endless cursor`, `${request}?cursor=${'a'.repeat(513)}`, undefined, 400, 'too_long', 'cursor'],
])

refusals(
  'Types and numbers',
  async (shop) => {
    expect(await shop.product({ price: 1_000_000_000 })).toBe(dearest)
    await shop.placed([{ product_id: 2, quantity: 1 }])
    await shop.placed([{ product_id: 2, quantity: 1 }])
  },
  (store) => {
    eachIsRefused(store, [...noInteger, ...quantities, ...money, ...ids, ...unknownIds, ...uuids, ...dates, ...paging])

    it("row 27: one list's cursor is none of another's", async () => {
      const { next } = (await store.shop().get('/store-api/orders?limit=1')).json<{ next: string }>()
      expect(problemOf(await store.shop().get(`/saga-api/sagas?cursor=${next}`))).toEqual([400, 'cursor', 'cursor'])
      const forged = `${next.slice(0, -1)}${next.endsWith('Q') ? 'g' : 'Q'}`
      expect(problemOf(await store.shop().get(`/store-api/orders?cursor=${forged}`))).toEqual([400, 'cursor', 'cursor'])
      expect((await store.shop().get(`/store-api/orders?cursor=${next}`)).status).toBe(200)
    })
  },
)
