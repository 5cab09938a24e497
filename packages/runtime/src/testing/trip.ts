import {
  defineSaga,
  done,
  message,
  type Outcome,
  parseAnswerType,
  parseCommandType,
  sendersOf,
  stepOf,
  type Task,
  type UndoTask,
} from '@comptoir/saga'
import { Type } from 'typebox'
import type { LoggedMessage } from '../log/log.ts'
import { type EventHandler, type Participant, participant } from '../participant.ts'
import type { Unit } from '../unit.ts'
import { driverMailbox } from '../unit-of-work.ts'

const nothing = Type.Object({})
const no = (name: string) => message(name, Type.Literal('no'))

/** The saga of these tests: two services, two steps that can be undone, a pivot, and a retriable step back at home. */
export const trip = defineSaga('Trip', { version: 1, home: 'a', input: Type.Object({ n: Type.Integer() }) })
  .compensatable('book', {
    at: 'a',
    state: 'BOOKING',
    done: message('Booked', Type.Object({ seat: Type.Integer() })),
    failed: no('BookingFailed'),
    undo: { name: 'unbook', state: 'UNBOOKING', done: message('Unbooked', nothing) },
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

const senders = sendersOf(trip)

/** The service that sends such messages of a trip; its home, when it is none of the protocol's. */
export function senderOf(type: string): string {
  const answered = parseAnswerType(trip, type)
  if (answered) return stepOf(trip, answered.step).at
  return parseCommandType(trip, type) ? driverMailbox : (senders.get(type) ?? trip.home)
}

/** A message of a trip as its reader finds it. */
export const tripMessage = (type: string, key: string, data: unknown = {}): LoggedMessage => ({
  source: senderOf(type),
  epoch: 1,
  txid: '1',
  pos: 1,
  key,
  type,
  id: null,
  definition: trip.id,
  body: JSON.stringify(data),
  created: 0,
})

/** What handlers do besides leaving their trace: fail for a business reason (answer it), or throw. */
export type Act = (task: { readonly saga: string; readonly n: number }) => Outcome<unknown, 'no'> | undefined
export type Acts = Partial<Record<'book' | 'unbook' | 'pack' | 'unpack' | 'pay' | 'leave' | 'Noted', Act>>

/** What a participant has been asked, in order, the attempts that were rolled back included. */
export interface Attempt {
  readonly step: string
  readonly sagas: readonly string[]
}

const trace = (unit: Unit, service: string, name: string, sagas: readonly string[]) =>
  unit.write(`insert into ${service}.effect (saga, name) select s, $2 from unnest($1::uuid[]) as s`, [sagas, name])

/** The steps of a trip; each effect is a row, so that a second one would be seen. */
export function travellers(acts: Acts, attempts: Attempt[]): Readonly<Record<'a' | 'b', Participant>> {
  const numberOf = (task: Task) => (task.data as { input: { n: number } }).input.n
  function step<Result>(service: string, name: keyof Acts, result: (task: Task) => Result) {
    return async (unit: Unit, tasks: readonly Task[]): Promise<Outcome<Result, 'no'>[]> => {
      attempts.push({ step: name, sagas: tasks.map((task) => task.saga) })
      const outcomes = tasks.map(
        (task) => (acts[name]?.({ saga: task.saga, n: numberOf(task) }) ?? done(result(task))) as Outcome<Result, 'no'>,
      )
      const effective = tasks.filter((_, index) => outcomes[index]?.kind === 'done')
      trace(
        unit,
        service,
        name,
        effective.map((task) => task.saga),
      )
      return outcomes
    }
  }
  const undo = (service: string, name: keyof Acts) => async (unit: Unit, tasks: readonly UndoTask[]) => {
    attempts.push({ step: name, sagas: tasks.map((task) => task.saga) })
    for (const task of tasks) acts[name]?.({ saga: task.saga, n: numberOf(task) })
    trace(
      unit,
      service,
      name,
      tasks.map((task) => task.saga),
    )
  }
  const empty = () => ({})
  const leave = step('a', 'leave', empty)
  return {
    a: participant(trip, 'a', {
      book: { do: step('a', 'book', (task) => ({ seat: 100 + numberOf(task) })), undo: undo('a', 'unbook') },
      leave: { do: async (unit, tasks) => (await leave(unit, tasks)).map(() => done({})) },
    }),
    b: participant(trip, 'b', {
      pack: { do: step('b', 'pack', empty), undo: undo('b', 'unpack') },
      pay: { do: step('b', 'pay', empty) },
    }),
  }
}

/** A business event that both services hear: of a, and a also of b. */
export const noted = (service: string, acts: Acts): EventHandler<{ n: number }> => ({
  type: 'Noted',
  from: service === 'a' ? ['a', 'b'] : ['a'],
  async handle(unit, events) {
    for (const { key, data } of events) acts.Noted?.({ saga: key, n: data.n })
    trace(
      unit,
      service,
      'Noted',
      events.map((event) => event.key),
    )
  },
})
