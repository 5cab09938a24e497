import { cancelDriven, type Service, settle } from '@comptoir/runtime'
import type { SagaView } from './sagas.ts'

/** Who can end a saga early. */
export interface CancelOptions {
  /** Where choreographed sagas are at home. */
  readonly home: Service
  /** Who drives the others. */
  readonly driver: Service
}

/**
 * Asks for the end of a saga before its pivot is done, of its participants or of its driver. wished: the end tells whether it
 * has won; late: its pivot is done, it only goes forward.
 */
export async function cancelSaga({ home, driver }: CancelOptions, saga: SagaView): Promise<'wished' | 'late' | 'ended'> {
  if (saga.ended_at !== null) return 'ended'
  const pivot = saga.steps.find(({ kind }) => kind !== 'compensatable')
  if (pivot?.status === 'done') return 'late'
  if (saga.style === 'choreographed') return (await settle(home, saga.saga_id, 'cancelled')) ? 'wished' : 'ended'
  const fate = await cancelDriven(driver, saga.saga_id, { step: pivot?.step ?? '', reason: 'cancelled' })
  if (fate === 'late') return 'late'
  return fate === 'unknown' ? 'ended' : 'wished'
}
