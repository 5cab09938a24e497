import { type Done, done, failed, type StepsOf } from '@comptoir/saga'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { each, type Handler, participant } from './participant.ts'
import type { Database, Queryable, Transaction } from './ports/database.ts'
import { trip } from './testing/trip.ts'
import { tripTwo } from './testing/trip-two.ts'
import type { Unit } from './unit.ts'

const undo = async () => {}
const book = { do: async () => [], undo }
const pack = { do: async () => [], undo }
const pay = { do: async () => [] }
const leave = { do: async () => [] }

// The build of the tests fails when one of these ever compiles.
describe('what a participant cannot say', () => {
  it('a step without its handler', () => {
    // @ts-expect-error leave is missing
    participant(trip, 'a', { book })
  })

  it('a compensatable step without its undo', () => {
    // @ts-expect-error the undo of book is missing
    participant(trip, 'a', { book: { do: async () => [] }, leave })
  })

  it('a handler of another service’s step', () => {
    // @ts-expect-error pack runs at b
    participant(trip, 'a', { book, leave, pack })
  })

  it('a service that the saga does not know', () => {
    // @ts-expect-error no step runs there
    participant(trip, 'warehouse', {})
  })

  it('a reason that was not declared', () => {
    // @ts-expect-error the only reason is no
    participant(trip, 'b', { pack, pay: { do: async (_unit, tasks) => tasks.map(() => failed('bad_mood')) } })
    participant(trip, 'b', { pack, pay: { do: async (_unit, tasks) => tasks.map(() => failed('no')) } })
  })

  it('a retriable step that fails', () => {
    // @ts-expect-error leave is retriable
    participant(trip, 'a', { book, leave: { do: async (_unit, tasks) => tasks.map(() => failed('no')) } })
  })

  it('a result that was not declared', () => {
    // @ts-expect-error a seat is a number
    participant(trip, 'a', { leave, book: { undo, do: async (_unit, tasks) => tasks.map(() => done({ seat: '1a' })) } })
  })

  it('the result of a later step', () => {
    participant(trip, 'b', {
      pay,
      pack: {
        undo,
        // @ts-expect-error pay comes after pack
        do: async (_unit, tasks) => tasks.map((task) => done(task.data.pay)),
      },
    })
  })
})

describe('F26: the handlers of one version', () => {
  const payOfOne: Handler<StepsOf<typeof trip>['pay']> = {
    do: async (_unit, tasks) => tasks.map(({ data }) => (data.book.seat > 0 ? done({}) : failed('no'))),
  }
  const packOfOne: Handler<StepsOf<typeof trip>['pack']> = {
    locks: (tasks) => ({ seats: tasks.map(({ data }) => data.book.seat) }),
    do: async (_unit, tasks) => tasks.map(() => done({})),
    undo: async (_unit, undos) => expect(undos[0]?.data.book.seat).toBe(1),
  }
  const insure = pack

  it('are those of the next, which knows more', () => {
    participant(trip, 'b', { pack: packOfOne, pay: payOfOne })
    participant(tripTwo, 'b', { pack: packOfOne, pay: payOfOne, insure })
  })

  it('are not all of the next, when it has a step more', () => {
    // @ts-expect-error insure is missing
    participant(tripTwo, 'b', { pack, pay: payOfOne })
  })
})

describe('what a handler knows', () => {
  it('the input and the results of the steps before, and in the undo its own', () => {
    participant(trip, 'b', {
      pay: {
        async do(_unit, tasks) {
          expectTypeOf(tasks[0]?.data.input.n).toEqualTypeOf<number | undefined>()
          expectTypeOf(tasks[0]?.data.book.seat).toEqualTypeOf<number | undefined>()
          return []
        },
      },
      pack,
    })
    participant(trip, 'a', {
      leave,
      book: {
        do: each(async (_unit, task) => {
          expectTypeOf(task.data.input.n).toEqualTypeOf<number>()
          return task.data.input.n > 0 ? done({ seat: 1 }) : failed('no')
        }),
        async undo(_unit, tasks) {
          expectTypeOf(tasks[0]?.result.seat).toEqualTypeOf<number | undefined>()
        },
      },
    })
  })

  it('each answers one outcome for each task, in order, one at a time', async () => {
    let under = 0
    const double = each(async (_unit: Unit, task: { saga: string; data: number }): Promise<Done<number>> => {
      under += 1
      await Promise.resolve()
      expect(under).toBe(1)
      under -= 1
      return done(task.data * 2)
    })
    const tasks = [1, 2, 3].map((data) => ({ saga: 's', data }))
    expect(await double(undefined as never, tasks)).toEqual([done(2), done(4), done(6)])
  })
})

describe('what must be atomic demands a transaction', () => {
  it('that neither a pool nor a plain connection is', () => {
    expectTypeOf<Queryable>().not.toExtend<Transaction>()
    expectTypeOf<Database>().not.toExtend<Transaction>()
    expectTypeOf<Transaction>().not.toExtend<Unit>()
    expectTypeOf<Unit>().toExtend<Transaction>()
    expectTypeOf<Transaction>().toExtend<Queryable>()
  })
})
