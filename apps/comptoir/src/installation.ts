import * as contracts from '@comptoir/contracts'
import { orchestratorService } from '@comptoir/orchestrator'
import { paymentsService } from '@comptoir/payments'
import { controlMailbox, feedMailbox, type Ports, type Service } from '@comptoir/runtime'
import type { AsyncApiOptions, EventDescription, Saga } from '@comptoir/saga'
import { storeService } from '@comptoir/store'
import { services as names, type ServiceName } from './services.ts'

type Contract = (typeof contracts)[keyof typeof contracts]
type Event = Extract<Contract, { readonly type: string; readonly from: string; readonly to: string }>

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const isSaga = (value: unknown): value is Saga => isObject(value) && 'steps' in value && 'end' in value
const isEvent = (value: unknown): value is Event =>
  isObject(value) && 'type' in value && 'from' in value && 'to' in value && 'data' in value

/** Every saga that the contracts declare. */
export const sagas: readonly Saga[] = (Object.values(contracts) as unknown[]).filter(isSaga)

/** The version of a saga that begins, of all. The older ones only end, by the same handlers. */
export const isNewest = (saga: Saga, _: number, all: readonly Saga[]): boolean =>
  all.every(({ name, version }) => name !== saga.name || version <= saga.version)

/** Every business event that the contracts declare. */
export const events: readonly EventDescription[] = (Object.values(contracts) as unknown[]).filter(isEvent)

const note = {
  type: 'object',
  required: ['note'],
  properties: { note: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
} as const

/** What the engine itself tells the home of a saga: from where a step is that cannot fail or is being undone. */
const attention: readonly EventDescription[] = sagas.flatMap((saga) => {
  const places = new Set(saga.steps.filter(({ kind, undo }) => kind === 'retriable' || undo).map(({ at }) => at))
  return [...places].map((from) => ({
    type: 'SagaNeedsAttention',
    from,
    to: saga.home,
    saga,
    data: note,
    summary: 'a person is needed, and why; or, with null, no longer',
  }))
})

const actNumber = { type: 'object', required: ['act'], properties: { act: { type: 'integer' } } } as const

/** What the home of a choreographed saga tells every service that has steps of it. */
const pauses: readonly EventDescription[] = sagas.flatMap((saga) =>
  [...new Set(saga.steps.map(({ at }) => at))].flatMap((to) => {
    const told = { from: saga.home, to, mailbox: controlMailbox(to), saga, data: actNumber }
    return [
      { ...told, type: 'SagaPaused', summary: 'no step of it is begun, by the act of that number' },
      { ...told, type: 'SagaResumed', summary: 'its steps are begun again' },
    ]
  }),
)

/** What of this installation an AsyncAPI document is made from. */
export const messages: AsyncApiOptions = {
  title: 'Comptoir',
  version: '0.1.0',
  sagas,
  events: [...events, ...attention, ...pauses],
  feed: feedMailbox,
}

/**
 * The services of this installation on one database.
 *
 * @param ceiling the largest payment that is not refused, in minor units
 */
export const servicesOn = (ports: Ports, epoch: number, ceiling: number): readonly Service[] => {
  const makers: Readonly<Record<ServiceName, () => Service>> = {
    store: () => storeService(ports, epoch),
    payments: () => paymentsService(ports, epoch, ceiling),
    orchestrator: () => orchestratorService(ports, epoch),
  }
  return names.map((name) => makers[name]())
}
