import { type TNumber, type TString, Type } from 'typebox'
import type { IntegerTextBounds } from './keywords.ts'

/** Largest id: PostgreSQL's `integer`. */
export const MAX_ID = 2_147_483_647
/** RFC 5321: a path of 256 with its brackets. */
const EMAIL_LENGTH = 254

/** An integer in plain digits, for paths and query strings: no sign, no leading zero, no decimals. */
export function IntegerText(bounds: IntegerTextBounds): TString {
  return Type.String({ description: `an integer from ${bounds.minimum} to ${bounds.maximum}, digits only`, integerText: bounds })
}

/** An id in a path: digits only, 1 to 2147483647. Anything else is 400. `Number(id)` is safe after it. */
export const Id = IntegerText({ minimum: 1, maximum: MAX_ID })

/** An id in a body: an integer; outside 1 to 2147483647 nothing can have it (422). */
export const BodyId = Type.Integer({ minimum: 1, maximum: MAX_ID })

/** A UUID (RFC 9562) in canonical lower case. */
export const Uuid = Type.String({
  description: 'a UUID in lower case',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
})

/** A text of 1 to `max` characters that is more than blanks and hides nothing. Store it through `normalText`. */
export function Text(max: number): TString {
  return Type.String({ minLength: 1, maxLength: max, blank: false, unseen: false })
}

/** The form of an e-mail address: something, one @, a host with a dot. Whether it exists only a letter can tell. */
export const Email = Type.String({
  description: 'an e-mail address such as ada@example.com',
  maxLength: EMAIL_LENGTH,
  pattern: '^[^\\s@]{1,64}@[^\\s@.]+(\\.[^\\s@.]+)+$',
  unseen: false,
})

/** An amount above 0 with at most two decimals, up to `maximum` (in units, not cents). */
export function Money(maximum = 1_000_000_000): TNumber {
  return Type.Number({ exclusiveMinimum: 0, maximum, precision: 2 })
}

/** The quantity of an order's line: 1 to 1,000,000. */
export const Quantity = Type.Integer({ minimum: 1, maximum: 1_000_000 })
