/** A figure measured several times. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly runs: number
}

/** The value below which `share` (0 to 1) of the sorted values lie. @throws RangeError when there are none */
export function quantile(values: readonly number[], share: number): number {
  const value = [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]
  if (value === undefined) throw new RangeError('no values')
  return value
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length }
}
