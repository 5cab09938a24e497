/**
 * Money is a JSON number with at most two decimals outside, and an integer of minor units (cents) inside. How many
 * decimals a number has is decided on its shortest decimal text, the one JSON.stringify writes: arithmetic on the double
 * would find 19.99 * 100 to be 1998.9999999999998.
 */
const DECIMAL = /^(-?)(\d+)(?:\.(\d{1,2}))?$/

/** Whether the shortest decimal text of a number has at most `places` decimals. */
export function hasPrecision(number: number, places: number): boolean {
  const text = String(number)
  if (text.includes('e')) return Number.isInteger(number)
  const point = text.indexOf('.')
  return point === -1 || text.length - point - 1 <= places
}

/**
 * Minor units of a decimal amount: 19.99 gives 1999.
 *
 * @throws RangeError when the amount has more than two decimals or does not fit a safe integer; the schema `Money`
 * refuses those at the edge
 */
export function toMinor(amount: number): number {
  const [, sign, whole, fraction = ''] = DECIMAL.exec(String(amount)) ?? []
  const minor = Number(`${sign}${whole}${fraction.padEnd(2, '0')}`)
  if (!Number.isSafeInteger(minor)) throw new RangeError(`Not an amount of money: ${amount}`)
  return minor
}

/** The decimal amount of an integer of minor units: 1999 gives 19.99. Division rounds to the double nearest to it. */
export function toDecimal(minor: number): number {
  if (!Number.isSafeInteger(minor)) throw new RangeError(`Not an integer of minor units: ${minor}`)
  return minor / 100
}
