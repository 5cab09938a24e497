import { Client } from '../kit/client.ts'
import type { Order } from '../kit/shop.ts'
import type { Acknowledged } from './acknowledged.ts'
import type { Statement } from './invariants/check.ts'

/** What is checked here. */
export const seenFromOutside: readonly Statement[] = [
  { invariant: 'I1', rule: 'clients read the stock that follows from what was acknowledged' },
  { invariant: 'I3', rule: 'clients read PAID orders as paid, and of those that stand where they are paid' },
  { invariant: 'I5', rule: 'clients read no order that has not ended' },
  { invariant: 'I6', rule: 'clients read a reason with those orders that do not stand' },
  { invariant: 'I15', rule: 'clients read every acknowledged order, and find it in the list' },
  { invariant: 'I17', rule: 'clients read totals that are the sums of their lines' },
]

const connections = 16

/** All orders, newest first, as the list shows them. */
async function listedOrders(client: Client): Promise<Order[]> {
  const orders: Order[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = await client.get(`/store-api/orders?limit=200${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
    const { items, next } = page.json<{ items: Order[]; next: string | null }>()
    orders.push(...items)
    cursor = next
  }
  return orders
}

/** What is wrong with one order at rest, in words. */
function faultsOf(order: Order): string[] {
  const { order_id, status, payment_link, is_paid, reason, items, total_amount } = order
  const cents = items.reduce((sum, { quantity, unit_price }) => sum + quantity * Math.round(unit_price * 100), 0)
  const stands = status === 'PLACED' || status === 'PAID'
  return [
    ...(stands || status === 'CANCELLED' ? [] : [`I5: order ${order_id} is ${status}`]),
    ...(cents === Math.round(total_amount * 100)
      ? []
      : [`I17: order ${order_id} is ${total_amount}, its lines are ${cents} cents`]),
    ...(is_paid === (status === 'PAID') ? [] : [`I3: order ${order_id} is ${status} and is_paid ${is_paid}`]),
    ...(!stands || /http.*\/\d+$/.test(payment_link) ? [] : [`I3: order ${order_id} is ${status} without a payment link`]),
    ...((reason === null) === stands ? [] : [`I6: order ${order_id} is ${status} for the reason ${reason}`]),
  ]
}

const byProduct = (items: Order['items'] | readonly { product_id: number; quantity: number }[]): string =>
  JSON.stringify(items.map(({ product_id, quantity }) => [product_id, quantity]).sort())

/**
 * What a client finds wrong, over HTTP, in a store at rest: orders that were acknowledged and cannot be read or are of other
 * content (I15), states that do not fit together, and stock that the acknowledged operations cannot have led to (I1).
 *
 * @param before the levels before anything was done
 */
export async function faultsSeen(
  url: string,
  acknowledged: Acknowledged,
  before: ReadonlyMap<number, number>,
): Promise<string[]> {
  const client = new Client(url)
  const listed = await listedOrders(client)
  const faults = listed.flatMap(faultsOf)
  const ids = new Set(listed.map((order) => order.order_id))
  const queue = [...acknowledged.orders]
  const reader = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const [id, asked] = next
      if (!ids.has(id)) faults.push(`I15: acknowledged order ${id} is not in the list`)
      const answer = await client.get(`/store-api/orders/${id}`)
      const order = answer.status === 200 ? answer.json<Order>() : undefined
      if (!order || order.user_id !== asked.user_id || byProduct(order.items) !== byProduct(asked.items))
        faults.push(`I15: acknowledged order ${id} of ${JSON.stringify(asked)} is read as ${answer.status} ${answer.text}`)
      else if (acknowledged.paid.has(id) && order.status !== 'PAID') faults.push(`I15: paid order ${id} is ${order.status}`)
      else if (acknowledged.cancelled.has(id) && order.status !== 'CANCELLED')
        faults.push(`I15: cancelled order ${id} is ${order.status}`)
    }
  }
  await Promise.all(Array.from({ length: connections }, reader))
  for (const [product, level] of before) {
    const held = listed
      .filter(({ status }) => status === 'PLACED' || status === 'PAID')
      .flatMap(({ items }) => items.filter((item) => item.product_id === product))
      .reduce((sum, { quantity }) => sum + quantity, 0)
    const sum = (adjustments: ReadonlyMap<number, number>) =>
      [...adjustments].reduce((total, [delta, of]) => total + (of === product ? delta : 0), 0)
    const least = level - held + sum(acknowledged.adjustments)
    const { quantity } = (await client.get(`/store-api/stocks/${product}`)).json<{ quantity: number }>()
    const most = least + sum(acknowledged.unansweredAdjustments)
    if (quantity < least || quantity > most)
      faults.push(`I1: product ${product} has ${quantity}, and ${least} to ${most} follow from what was acknowledged`)
  }
  return faults
}

/** The stock levels of all products. */
export async function levelsSeen(url: string): Promise<Map<number, number>> {
  const client = new Client(url)
  const levels = new Map<number, number>()
  for (let id = 1; ; id += 1) {
    const answer = await client.get(`/store-api/stocks/${id}`)
    if (answer.status === 404) return levels
    levels.set(id, answer.json<{ quantity: number }>().quantity)
  }
}
