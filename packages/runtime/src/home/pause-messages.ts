import type { Saga, Sending } from '@comptoir/saga'
import { endPause, hold } from '../consuming/held.ts'
import type { Claim } from '../consuming/inbox.ts'
import type { LoggedMessage } from '../log/log.ts'
import type { Transaction } from '../ports/database.ts'

/** Told by a saga's home to every service that has steps of it: it begins none any more, or does again. */
export const pausedType = 'SagaPaused'
export const resumedType = 'SagaResumed'

/** What such a message says: the number of the operator's act, by which the same one is heeded once, however late it comes again. */
export interface PauseData {
  readonly act: number
}

interface PauseItem {
  readonly message: LoggedMessage
  readonly paused: boolean
  readonly act: number
}

/** The services that have steps of a saga. */
export const placesOf = (saga: Saga): readonly string[] => [...new Set(saga.steps.map(({ at }) => at))]

/** Tells one of them. */
export function pauseSending(saga: Saga, at: string, type: typeof pausedType | typeof resumedType): Sending {
  const step = saga.steps.find((candidate) => candidate.at === at)?.name ?? ''
  return { type, target: { kind: 'step', at, step, phase: 'settle' } }
}

export const pauseClaim = ({ message, act }: PauseItem): Claim => ({
  id: message.key,
  step: `${message.type} ${act}`,
  phase: 'event',
  outcome: 'done',
  data: null,
})

/** Closes the key of a saga, so that what would begin a step of it is parked, or opens it again. */
export function heedPause(tx: Transaction, schema: string, { message, paused }: PauseItem): Promise<void> {
  return paused ? hold(tx, schema, 'paused', [message], {}) : endPause(tx, schema, message.key)
}
