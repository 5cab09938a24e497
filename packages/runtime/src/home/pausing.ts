import type { Saga } from '@comptoir/saga'
import { handleBatch } from '../consuming/batch.ts'
import { heldSignal } from '../consuming/held-keys.ts'
import { callsSignal, pauseDrive, resumeDrive } from '../driving/driving-acts.ts'
import type { Service } from '../service.ts'
import { controlMailbox, type UnitOfWork } from '../unit-of-work.ts'
import { noteAct, type OperatorAct } from './operator-acts.ts'
import { type PauseData, pausedType, pauseSending, placesOf, resumedType } from './pause-messages.ts'

/** What became of an act. same: it is as wished already; ended: nothing of it is open here; unknown: this code does not know its declaration. */
export type PauseFate = { readonly kind: 'done'; readonly act: number } | { readonly kind: 'same' | 'ended' | 'unknown' }

interface OpenSaga {
  readonly definition: string
  readonly style: string
  readonly paused: number | null
}

/**
 * Pauses a saga that is kept at this service: no step of it is begun any more, until it is resumed. What is under way comes to
 * its end, and so does what is settled or undone. Of a choreographed saga every participant is told by a message; `pauseAt`
 * overtakes it. Of a driven one the driver withholds its commands.
 *
 * @throws what the database throws
 */
export function pauseSaga(service: Service, act: OperatorAct): Promise<PauseFate> {
  return onOpenSaga(service, act, async (unit, saga, { paused, style }) => {
    if (paused !== null) return { kind: 'same' }
    const number = await noteAct(unit, service.name, act)
    const places = style === 'choreographed' ? placesOf(saga) : []
    const told = places.map(controlMailbox)
    unit.write(`update ${service.name}.saga_open set paused = $2, told = $3::text[] where id = $1`, [act.saga, number, told])
    tell(unit, saga, act.saga, places, pausedType, number)
    if (style !== 'choreographed') pauseDrive(unit, service.name, act.saga)
    return { kind: 'done', act: number }
  })
}

/**
 * Lets a saga that was paused go on where it stood; what waited follows in its order.
 *
 * @throws what the database throws
 */
export function resumeSaga(service: Service, act: OperatorAct): Promise<PauseFate> {
  return onOpenSaga(service, act, async (unit, saga, { paused, style }) => {
    if (paused === null) return { kind: 'same' }
    const number = await noteAct(unit, service.name, act)
    unit.write(`update ${service.name}.saga_open set paused = null, told = null where id = $1`, [act.saga])
    if (style === 'choreographed') tell(unit, saga, act.saga, placesOf(saga), resumedType, number)
    else await resumeDrive(unit, service, act.saga)
    return { kind: 'done', act: number }
  })
}

/**
 * Pauses a choreographed saga at one of its participants at once: also when the message that says so lies behind others, or
 * its consumer is away just now. Whichever comes second changes nothing.
 *
 * @param definition the id of its declaration
 * @param act the number of the act, from `pauseSaga`
 */
export async function pauseAt(service: Service, saga: string, definition: string, act: number): Promise<void> {
  const { name, ports, routing } = service
  const declared = routing.sagas.find(({ id }) => id === definition)
  // Of a declaration that this code does not know, nothing begins here anyway.
  if (!declared) return
  const item = routing.item({
    source: declared.home,
    epoch: 0,
    txid: '0',
    pos: 0,
    key: saga,
    type: pausedType,
    id: null,
    definition,
    body: JSON.stringify({ act } satisfies PauseData),
    created: ports.clock.now(),
  })
  await service.withoutConflict(() =>
    service.commit((unit) => handleBatch(unit, service, [item]), 'work.beforeCommit', 'work.afterCommit'),
  )
  ports.signals.send([heldSignal(name)])
}

async function onOpenSaga(
  service: Service,
  act: OperatorAct,
  perform: (unit: UnitOfWork, saga: Saga, open: OpenSaga) => Promise<PauseFate>,
): Promise<PauseFate> {
  const { name, homes, drives } = service
  const work = async (unit: UnitOfWork): Promise<PauseFate> => {
    // Lock order: driving, then saga_open, as whoever takes an answer.
    if (drives.size > 0) await unit.query(`select from ${name}.driving where saga = $1 for update`, [act.saga])
    const [open] = await unit.query<OpenSaga>(
      `select s.definition, s.style, o.paused from ${name}.saga_open as o join ${name}.saga as s on s.id = o.id
       where o.id = $1 for update of o`,
      [act.saga],
    )
    if (!open) return { kind: 'ended' }
    const saga = homes.get(open.definition)?.saga ?? drives.get(open.definition)?.saga
    return saga ? perform(unit, saga, open) : { kind: 'unknown' }
  }
  const fate = await service.withoutConflict(() => service.commit(work, 'work.beforeCommit', 'work.afterCommit'))
  service.ports.signals.send([callsSignal(name)])
  return fate
}

function tell(
  unit: UnitOfWork,
  saga: Saga,
  id: string,
  places: readonly string[],
  type: typeof pausedType | typeof resumedType,
  act: number,
): void {
  for (const at of places) unit.send(saga, id, pauseSending(saga, at, type), { act } satisfies PauseData)
}
