import { type Spread, spread } from './statistics.ts'

/** A figure of the report, beside its goal. */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly values: Spread
  readonly goal: string | null
  readonly reached: boolean | null
}

export interface Goal {
  readonly text: string
  readonly reached: (median: number) => boolean
}

export const atMost = (bound: number, unit: string): Goal => ({
  text: `≤ ${bound} ${unit}`.trim(),
  reached: (value) => value <= bound,
})
export const atLeast = (bound: number, unit: string): Goal => ({
  text: `≥ ${bound} ${unit}`.trim(),
  reached: (value) => value >= bound,
})

/** The median decides whether the goal is reached; figures without one stand there to be compared with. */
export function figure(name: string, unit: string, values: readonly number[], goal?: Goal): Figure {
  const measured = spread(values)
  return { name, unit, values: measured, goal: goal?.text ?? null, reached: goal?.reached(measured.median) ?? null }
}
