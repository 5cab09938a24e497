import type { Work } from '@comptoir/runtime'
import { type Card, cardRefusal } from './card.ts'
import { findPayment, type Payment, pay } from './payments.ts'

export type Paying =
  | { readonly kind: 'paid'; readonly payment: Payment }
  | { readonly kind: 'refused'; readonly reason: 'card_declined' | 'card_expired' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'unknown' }

/**
 * Pays a payment by card, once: a payment that is paid answers as the first time, whatever card comes with it. `now` in
 * milliseconds since 1970.
 */
export async function payWithCard(work: Work, id: number, card: Card, now: number): Promise<Paying> {
  const found = await findPayment(work, id)
  if (found?.status !== 'OPEN') return decided(found)
  const reason = cardRefusal(card, now)
  if (reason !== undefined) return { kind: 'refused', reason }
  const after = await work.transaction(async (unit) => {
    await pay(unit, 'id', [id])
    // The row decides: it may have been paid or closed since it was found.
    return findPayment(unit, id)
  })
  return decided(after)
}

function decided(payment: Payment | undefined): Paying {
  if (payment === undefined) return { kind: 'unknown' }
  return payment.status === 'PAID' ? { kind: 'paid', payment } : { kind: 'closed' }
}
