import { Problem } from '@comptoir/http'
import {
  cancelDriven,
  noteAct,
  type OperatorAct,
  type PauseFate,
  pauseAt,
  pauseSaga,
  resumeSaga,
  retryDriven,
  type Service,
  settle,
} from '@comptoir/runtime'
import { requestReplay } from './dead-letters.ts'
import type { SagaDetail } from './sagas.ts'

/** Who performs what operators do. */
export interface Actors {
  /** Where choreographed sagas are at home. */
  readonly home: Service
  /** Who drives the others. */
  readonly driver: Service
  /** All services whose databases are known. */
  readonly services: readonly Service[]
}

const keeperOf = ({ home, driver }: Actors, { style }: SagaDetail): Service => (style === 'choreographed' ? home : driver)

/**
 * Pauses a saga: when it resolves, no step is begun any more by the services whose databases are known. Others are told.
 *
 * @throws Problem 409 when it is paused, has ended, or is of a declaration that this code does not know
 */
export async function pause(actors: Actors, saga: SagaDetail, act: OperatorAct): Promise<void> {
  const fate = await pauseSaga(keeperOf(actors, saga), act)
  if (fate.kind !== 'done') throw refusal(saga, fate, 'already_paused', 'is paused already: to let it go on, resume it.')
  if (saga.style !== 'choreographed') return
  const places = actors.services.filter(({ name }) => saga.steps.some(({ service }) => service === name))
  // A service whose database is away is told by the message, before it does anything else.
  await Promise.allSettled(places.map((service) => pauseAt(service, saga.saga_id, saga.definition, fate.act)))
}

/** Lets a saga go on. @throws Problem 409 when it is not paused, has ended, or is of a declaration that this code does not know */
export async function resume(actors: Actors, saga: SagaDetail, act: OperatorAct): Promise<void> {
  const fate = await resumeSaga(keeperOf(actors, saga), act)
  if (fate.kind !== 'done') throw refusal(saga, fate, 'not_paused', 'is not paused: there is nothing to resume.')
}

function refusal(saga: SagaDetail, { kind }: PauseFate, code: string, words: string): Problem {
  if (kind === 'same') return new Problem(409, code, `Saga ${saga.saga_id} ${words}`)
  if (kind === 'ended') return ended(saga)
  const detail = `Saga ${saga.saga_id} is of the declaration ${saga.definition}, which this code does not know: ask an instance whose code does.`
  return new Problem(409, 'unknown_declaration', detail)
}

/**
 * Tries again what has failed: the dead letters of a saga, or the call that its driver has given up. Answers how many.
 *
 * @throws Problem 409 when nothing has failed, or the saga is paused
 */
export async function retry(actors: Actors, saga: SagaDetail, act: OperatorAct): Promise<number> {
  const { saga_id, status, paused, stuck } = saga
  if (paused)
    throw new Problem(
      409,
      'saga_paused',
      `Saga ${saga_id} is paused, and nothing of it is tried: POST /saga-api/sagas/${saga_id}/resume first.`,
    )
  if (saga.style === 'http' && (await retryDriven(actors.driver, act))) return 1
  const retried = await requestReplay(actors, saga_id, act.by)
  if (retried > 0) {
    const keeper = keeperOf(actors, saga)
    await keeper.transaction((unit) => noteAct(unit, keeper.name, act))
    return retried
  }
  const next = saga.steps.find(({ waiting_since }) => waiting_since !== null)
  const awaits = next ? `it waits for ${next.step} at ${next.service}, which is ${next.status}` : `it is ${status}`
  throw new Problem(
    409,
    'nothing_to_retry',
    `Nothing of saga ${saga_id} has failed for good: ${awaits}. ${stuck?.cure ?? ''}`.trim(),
  )
}

/**
 * Asks for the end of a saga before its pivot is done, of its participants or of its driver. Whether the wish has won, its end
 * tells.
 *
 * @throws Problem 409 when its pivot is done, so that it only goes forward, or when it has ended
 */
export async function cancel({ home, driver }: Actors, saga: SagaDetail, act: OperatorAct): Promise<void> {
  if (saga.ended_at !== null) throw ended(saga)
  const pivot = saga.steps.find(({ kind }) => kind !== 'compensatable')
  if (pivot?.status === 'done') throw tooLate(saga)
  if (saga.style === 'choreographed') {
    if (!(await settle(home, saga.saga_id, 'cancelled', act))) throw ended(saga)
    return
  }
  const fate = await cancelDriven(driver, saga.saga_id, { step: pivot?.step ?? '', reason: 'cancelled' }, act)
  if (fate === 'late') throw tooLate(saga)
  if (fate === 'unknown') throw ended(saga)
}

export const ended = ({ saga_id, status }: SagaDetail): Problem =>
  new Problem(
    409,
    'saga_ended',
    `Saga ${saga_id} has ended${/^c/.test(status) ? `: it is ${status}` : ''}; nothing can be done to it any more.`,
  )

export const tooLate = ({ saga_id, order_id }: SagaDetail): Problem =>
  new Problem(
    409,
    'too_late',
    `Saga ${saga_id} is past its point of no return and goes forward. To give its order up: DELETE /store-api/orders/${order_id ?? '{id}'}.`,
  )
