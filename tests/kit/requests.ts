/** A right body for each route that takes one, to be spoilt in one place. */
export const right = {
  'POST /store-api/users': { name: 'Edsger Dijkstra', email: 'edijkstra@example.com' },
  'POST /store-api/products': { name: 'Slide Rule', sku: 'SR00001', price: 12.5 },
  'POST /store-api/stocks': { product_id: 1, quantity: 7 },
  'PUT /store-api/stocks': { items: [{ product_id: 1, quantity: 7 }], operation: '+' },
  'POST /store-api/orders': { user_id: 1, items: [{ product_id: 1, quantity: 1 }] },
  'PUT /store-api/orders': { order_id: 1001, is_paid: true },
  'POST /store-api/stocks/graphql-query': { query: '{ stockLevel(productId: "1") }' },
  'POST /payments-api/payments': { user_id: 1, order_id: 500, total_amount: 10 },
  'POST /payments-api/payments/process/1': { cardNumber: 9999999999999, cardCode: 123, expirationDate: '2030-01-05' },
  'POST /payments-api/payments/1': { cardNumber: 9999999999999, cardCode: 123, expirationDate: '2030-01-05' },
} as const

/** `METHOD /path` of every route that takes a body. */
export const routes = Object.keys(right) as (keyof typeof right)[]

export const order = (change: object = {}): object => ({ ...right['POST /store-api/orders'], ...change })

/** The text of an order whose only line has this quantity, as it is written. */
export const orderOf = (quantity: string): string => `{"user_id":1,"items":[{"product_id":1,"quantity":${quantity}}]}`

export const user = (change: object): object => ({ ...right['POST /store-api/users'], ...change })
export const product = (change: object): object => ({ ...right['POST /store-api/products'], ...change })
export const card = (change: object): object => ({ ...right['POST /payments-api/payments/process/1'], ...change })

/** An adjustment of one product's stock; `quantity` as it is written. */
export const adjustment = (quantity: string, operation = '+'): string =>
  `{"items":[{"product_id":1,"quantity":${quantity}}],"operation":${JSON.stringify(operation)}}`
