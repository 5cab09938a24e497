import type { Place } from './place.ts'
import type { Context } from './scenario.ts'
import type { SystemName } from './systems.ts'

/** What both systems answered, the runs of the same index one after the other: neighbours in time share what else the machine was doing. */
export interface Turns<Answer> {
  readonly ours: readonly Answer[]
  readonly byHand: readonly Answer[]
}

/** Measures Comptoir and the hand-written loop in turns, each time on a fresh place. */
export async function inTurns<Answer>(
  { scale, places, say }: Context,
  measure: (system: SystemName, place: Place) => Promise<Answer>,
): Promise<Turns<Answer>> {
  const ours: Answer[] = []
  const byHand: Answer[] = []
  for (let run = 1; run <= scale.runs; run += 1) {
    say(`run ${run} of ${scale.runs}: Comptoir`)
    ours.push(await places.fresh((place) => measure('comptoir', place), 'prepared'))
    say(`run ${run} of ${scale.runs}: by hand`)
    byHand.push(await places.fresh((place) => measure('hand-written', place)))
  }
  return { ours, byHand }
}
