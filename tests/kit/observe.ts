import type { Client } from './client.ts'

/** Ids up to here are looked at one by one where there is no list. */
const ids = Array.from({ length: 40 }, (_, index) => index + 1)

const lists = [
  '/store-api/orders?limit=200',
  '/store-api/stocks/reports/overview-stocks',
  '/store-api/orders/reports/highest-spenders',
  '/store-api/orders/reports/best-sellers',
  '/saga-api/sagas?limit=200',
  '/saga-api/dead-letters',
]

/** All that the API shows of a store at rest, by what was asked, so that two moments can be compared. */
export async function observe(client: Client): Promise<Record<string, string>> {
  const paths = [
    ...lists,
    ...ids.flatMap((id) => [
      `/store-api/users/${id}`,
      `/store-api/products/${id}`,
      `/store-api/stocks/${id}`,
      `/payments-api/payments/${id}`,
    ]),
  ]
  const seen: Record<string, string> = {}
  for (const path of paths) seen[path] = (await client.get(path)).text
  const metrics = (await client.get('/metrics')).text
  seen['/metrics'] = metrics
    .split('\n')
    .filter((line) => line.startsWith('comptoir_'))
    .sort()
    .join('\n')
  return seen
}
