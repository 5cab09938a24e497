import { defineSaga, done, message, type Task, type UndoTask } from '@comptoir/saga'
import { Type } from 'typebox'
import { Service } from '../service.ts'
import type { Unit } from '../unit.ts'
import { travellers, trip } from './trip.ts'
import type { Name, World } from './world.ts'

const nothing = Type.Object({})
const no = (name: string) => message(name, Type.Literal('no'))

/** The next version of the trip: one more step, in the middle. */
export const tripTwo = defineSaga('Trip', { version: 2, home: 'a', input: Type.Object({ n: Type.Integer() }) })
  .compensatable('book', {
    at: 'a',
    state: 'BOOKING',
    done: message('Booked', Type.Object({ seat: Type.Integer() })),
    failed: no('BookingFailed'),
    undo: { name: 'unbook', state: 'UNBOOKING', done: message('Unbooked', nothing) },
  })
  .compensatable('insure', {
    at: 'b',
    state: 'INSURING',
    done: message('Insured', nothing),
    failed: no('InsuranceFailed'),
    undo: { name: 'uninsure', state: 'UNINSURING', done: message('Uninsured', nothing) },
  })
  .compensatable('pack', {
    at: 'b',
    state: 'PACKING',
    done: message('Packed', nothing),
    failed: no('PackingFailed'),
    undo: { name: 'unpack', state: 'UNPACKING', done: message('Unpacked', nothing) },
  })
  .pivot('pay', { at: 'b', state: 'PAYING', done: message('Paid', nothing), failed: no('PaymentFailed'), timeout: '10m' })
  .retriable('leave', { at: 'a', state: 'LEAVING', done: message('Left', nothing) })
  .end('ENDED', message('TripEnded', nothing))

const insurance = {
  do: async (unit: Unit, tasks: readonly Task[]) => {
    trace(unit, 'insure', tasks)
    return tasks.map(() => done({}))
  },
  undo: async (unit: Unit, tasks: readonly UndoTask[]) => trace(unit, 'uninsure', tasks),
}
const trace = (unit: Unit, name: string, tasks: readonly { readonly saga: string }[]) =>
  unit.write('insert into b.effect (saga, name) select s, $2 from unnest($1::uuid[]) as s', [tasks.map(({ saga }) => saga), name])

/** What code runs on: a world, or what stands for one. */
export type Ground = Pick<World, 'epoch' | 'acts' | 'attempts'> & {
  readonly services: Readonly<Record<Name, Pick<Service, 'ports'>>>
}

/** An instance of a service whose code knows these versions of the trip. Both have the same handlers. */
export function codeOf({ epoch, acts, attempts, services }: Ground, name: Name, versions: readonly (1 | 2)[]): Service {
  const { ports } = services[name]
  const { handlers } = travellers(acts, attempts)[name]
  const sagas = versions.map((version) => (version === 1 ? trip : tripTwo))
  return new Service({
    ...ports,
    name,
    epoch,
    participants: sagas.map((saga) => ({
      saga,
      at: name,
      handlers: saga === tripTwo && name === 'b' ? new Map([...handlers, ['insure', insurance]]) : handlers,
    })),
    homes: name === 'a' ? sagas.map((saga) => ({ saga })) : [],
  })
}

/** Begins so many trips of the newest version; answers their ids. */
export async function beginTwo(home: Service, count: number, first = 1): Promise<string[]> {
  const ids = Array.from({ length: count }, () => home.ports.ids.uuid())
  await home.transaction(async (unit) =>
    unit.begin(
      tripTwo,
      ids.map((id, index) => ({ id, input: { n: first + index }, subject: String(first + index) })),
    ),
  )
  return ids
}
