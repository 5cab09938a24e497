import { type Spread, spread } from './statistics.ts'

/** A figure of the report, beside its goal and what the hand-written loop reached in the same run. */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly values: Spread
  readonly byHand: Spread | null
  readonly goal: Goal | null
  readonly reached: boolean | null
}

export interface Goal {
  readonly text: string
  readonly bound: number
}

interface Beside {
  readonly goal?: (Goal & { readonly reached: (median: number) => boolean }) | undefined
  readonly byHand?: readonly number[]
}

export const atMost = (bound: number, unit: string) => ({
  text: `≤ ${bound} ${unit}`.trim(),
  bound,
  reached: (value: number) => value <= bound,
})
export const atLeast = (bound: number, unit: string) => ({
  text: `≥ ${bound} ${unit}`.trim(),
  bound,
  reached: (value: number) => value >= bound,
})

/** The median decides whether the goal is reached; figures without one stand there to be compared with. */
export function figure(name: string, unit: string, values: readonly number[], { goal, byHand }: Beside = {}): Figure {
  const measured = spread(values)
  return {
    name,
    unit,
    values: measured,
    byHand: byHand ? spread(byHand) : null,
    goal: goal ? { text: goal.text, bound: goal.bound } : null,
    reached: goal?.reached(measured.median) ?? null,
  }
}
