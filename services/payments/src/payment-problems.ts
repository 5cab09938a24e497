import { Problem } from '@comptoir/http'

export function unknownPayment(id: string): Problem {
  return new Problem(404, 'unknown_payment', `There is no payment ${id}. Use the payment_link of GET /orders/{id}.`)
}

export function closedPayment(id: string): Problem {
  const detail = `Payment ${id} is closed, as its order was cancelled or has expired. Place a new order.`
  return new Problem(409, 'payment_closed', detail)
}
