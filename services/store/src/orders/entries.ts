import { toDecimal, toMinor } from '@comptoir/http'
import type { ReadEntry } from '@comptoir/runtime'
import type { Order, OrderStatus } from './order.ts'

/**
 * An order as an entry of the read store, for whoever reads that: texts, money as decimals, the payment link whole. Beside
 * the fields of the contract stand those without which the order could not be read back.
 *
 * @param linkTo the absolute URL to pay a payment at
 */
export function entryOfOrder(order: Order, linkTo: (payment: number) => string): ReadEntry {
  const { payment_id, reason } = order
  return {
    id: order.order_id,
    version: order.version,
    fields: {
      user_id: String(order.user_id),
      total_amount: String(toDecimal(order.total)),
      items: JSON.stringify(order.items.map((item) => ({ ...item, unit_price: toDecimal(item.unit_price) }))),
      payment_link: payment_id === null ? '' : linkTo(payment_id),
      is_paid: String(order.status === 'PAID'),
      status: order.status,
      saga_id: order.saga_id,
      created_at: new Date(order.created_at).toISOString(),
      ...(payment_id !== null && { payment_id: String(payment_id) }),
      ...(reason !== null && { reason }),
    },
  }
}

/** The order that an entry shows; undefined when it is none that this store wrote. */
export function orderOfEntry({ id, version, fields }: ReadEntry): Order | undefined {
  try {
    const text = (name: string) => fields[name] ?? missing(name)
    const items = JSON.parse(text('items')) as Order['items']
    return {
      order_id: id,
      version,
      user_id: integer(text('user_id')),
      total: toMinor(Number(text('total_amount'))),
      items: items.map(({ product_id, quantity, unit_price }) => ({ product_id, quantity, unit_price: toMinor(unit_price) })),
      payment_id: fields.payment_id === undefined ? null : integer(fields.payment_id),
      status: text('status') as OrderStatus,
      reason: fields.reason ?? null,
      saga_id: text('saga_id'),
      created_at: integer(String(Date.parse(text('created_at')))),
    }
  } catch {
    return undefined
  }
}

function integer(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number)) throw new TypeError(`not an integer: ${text}`)
  return number
}

function missing(field: string): never {
  throw new TypeError(`no ${field}`)
}
