import { type Static, Type } from 'typebox'

/** What a card must look like. A card lives from here to `cardRefusal`, and is never stored, logged or repeated. */
export const Card = Type.Object(
  {
    cardNumber: Type.Unsafe<number | string>({
      type: ['integer', 'string'],
      description: '12 to 19 digits, as a number or (needed above 2^53) as text',
      minimum: 100_000_000_000,
      pattern: '^\\d{12,19}$',
    }),
    cardCode: Type.Unsafe<number | string>({
      type: ['integer', 'string'],
      description: '3 or 4 digits, as a number or as text',
      minimum: 100,
      maximum: 9_999,
      pattern: '^\\d{3,4}$',
    }),
    expirationDate: Type.String({ description: 'a date of the calendar as YYYY-MM-DD', format: 'date' }),
  },
  { additionalProperties: false },
)
export type Card = Static<typeof Card>

/** The one number that the sandbox provider declines. */
const DECLINED = '4000000000000002'

/** Why the sandbox provider refuses a card, at a time in milliseconds since 1970; a card is good until its last day ends in UTC. */
export function cardRefusal({ cardNumber, expirationDate }: Card, now: number): 'card_declined' | 'card_expired' | undefined {
  if (String(cardNumber) === DECLINED) return 'card_declined'
  const today = new Date(now).toISOString().slice(0, 10)
  return expirationDate < today ? 'card_expired' : undefined
}
