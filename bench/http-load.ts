import autocannon from 'autocannon'
import type { Server } from './server.ts'

/** Connections, each with one order in flight. */
export const connections = 64
/** The orders' users and products: those of the demo data that every client knows. */
const users = 3
const products = 16
/** Enough for any run; set through the API like a delivery. */
const plenty = 2_000_000_000

const below = (bound: number) => Math.floor(Math.random() * bound)

/** Sets the stock of every product that the load orders. */
export async function fillStock(server: Server): Promise<void> {
  for (let product_id = 1; product_id <= products; product_id += 1) {
    const status = await server.post('/store-api/stocks', { product_id, quantity: plenty })
    if (status >= 300) throw new Error(`POST /stocks answered ${status}`)
  }
}

/** Orders of one or two lines over all connections, for so many seconds or until there are so many. */
export async function orderLoad(
  server: Server,
  until: { readonly duration: number } | { readonly amount: number },
): Promise<{ readonly created: number; readonly seconds: number; readonly p50: number; readonly p99: number }> {
  const result = await autocannon({
    url: server.url,
    connections,
    ...until,
    requests: [
      {
        method: 'POST',
        path: '/store-api/orders',
        headers: { 'content-type': 'application/json' },
        setupRequest: (request) => ({ ...request, body: JSON.stringify(httpOrder()) }),
      },
    ],
  })
  const created = result.statusCodeStats['201']?.count ?? 0
  const others = Object.keys(result.statusCodeStats).filter((status) => status !== '201')
  if (others.length > 0 || result.errors > 0)
    throw new Error(`POST /orders also answered ${others.join(', ')}; ${result.errors} errors`)
  return { created, seconds: result.duration, p50: result.latency.p50, p99: result.latency.p99 }
}

/** An order of one or two lines of the demo data. */
export function httpOrder() {
  const product = below(products)
  const items = [
    { product_id: 1 + product, quantity: 1 },
    { product_id: 1 + ((product + 1 + below(products - 1)) % products), quantity: 2 },
  ]
  return { user_id: 1 + below(users), items: items.slice(below(2)) }
}
