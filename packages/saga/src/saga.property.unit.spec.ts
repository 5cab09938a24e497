import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Saga, stepOf } from './definition.ts'
import { progressOf } from './progress.ts'
import { messageId, routesOf, type Target } from './protocol.ts'
import { arbitrarySaga, arbitrarySchedule } from './testing/arbitrary-run.ts'
import { run } from './testing/deliver.ts'
import { stateOf, transition, transitionsOf } from './transitions.ts'

const everyRun = (property: (saga: Saga, outcome: ReturnType<typeof run>) => void) =>
  fc.assert(
    fc.property(arbitrarySaga, arbitrarySchedule, (saga, schedule) => {
      property(saga, run(saga, schedule))
    }),
    { numRuns: 1_000 },
  )
const everySaga = (property: (saga: Saga) => void) =>
  fc.assert(
    fc.property(arbitrarySaga, (saga) => {
      property(saga)
    }),
    { numRuns: 300 },
  )

const ends = ({ sent }: ReturnType<typeof run>) => sent.flatMap(({ target }) => (target.kind === 'end' ? [target] : []))
const changed = ({ events }: ReturnType<typeof run>, change: string) =>
  events.filter((event) => event.change === change).map((event) => event.step)

describe('any saga, in any order of its messages, each delivered several times', () => {
  it('I5: ends exactly once, at home', () => {
    everyRun((saga, outcome) => {
      expect(ends(outcome).map((end) => end.at)).toEqual([saga.home])
    })
  })

  it('I9, I19: is completed with every step done once, or compensates exactly the done steps, in reverse', () => {
    everyRun((saga, outcome) => {
      const forward = changed(outcome, 'done')
      const back = changed(outcome, 'undone')
      if (ends(outcome)[0]?.outcome === 'completed') {
        expect(forward).toEqual(saga.steps.map((step) => step.name))
        expect(back).toEqual([])
      } else {
        expect(back).toEqual(forward.toReversed())
        expect(forward).toEqual(saga.steps.slice(0, forward.length).map((step) => step.name))
      }
    })
  })

  it('I8: sends no message without a route, and only to where the step lives and can answer', () => {
    everyRun((saga, { sent }) => {
      const routes = routesOf(saga)
      for (const { type, target } of sent) {
        expect(routes.get(type)).toEqual(target)
        if (target.kind === 'end') continue
        const step = stepOf(saga, target.step)
        expect(target.at).toBe(step.at)
        if (target.phase === 'undo') expect(step.undo).toBeDefined()
      }
    })
  })

  it('I6: shows the state of the state machine, and the matching step, at every point of its way', () => {
    everyRun((saga, { events }) => {
      let state = saga.steps[0]?.state
      for (const { change, sending, records } of events) {
        if (change !== 'forward') state = sending && state && transition(saga, state, sending.type)
        const progress = progressOf(saga, records)
        expect(progress.state).toBe(state)
        const current = progress.steps.filter(({ status }) => status === 'running' || status === 'undoing')
        const shown = current.map(({ step, status }) => (status === 'running' ? step.state : step.undo?.state))
        expect(shown).toEqual(state === saga.end.state ? [] : [state])
      }
      expect(state).toBe(saga.end.state)
    })
  })

  it('shows each step as its inbox row has it', () => {
    everyRun((saga, { records }) => {
      const words = { done: 'done', undone: 'undone', failed: 'failed', refused: 'failed' } as const
      const shown = progressOf(saga, records).steps.map(({ step, status }) => [step.name, status])
      const expected = saga.steps.map(({ name }) => {
        const record = records.get(name)
        return [name, record ? words[record.undone ? 'undone' : record.outcome] : 'waiting']
      })
      expect(shown).toEqual(expected)
    })
  })

  it('I24: meets both ends, every outcome and the settle often enough to mean something', () => {
    const met = new Map<string, number>()
    const count = (what: string) => met.set(what, (met.get(what) ?? 0) + 1)
    everyRun((saga, outcome) => {
      for (const end of ends(outcome)) count(end.outcome)
      for (const { change } of outcome.events) count(`change: ${change}`)
      for (const record of outcome.records.values()) count(`row: ${record.outcome}`)
      count(saga.steps.some((step) => step.kind === 'pivot') ? 'with a pivot' : 'without a pivot')
    })
    const often = [...met].filter(([, times]) => times >= 50).map(([what]) => what)
    expect(often.sort()).toEqual([
      'cancelled',
      'change: done',
      'change: failed',
      'change: forward',
      'change: undone',
      'completed',
      'row: done',
      'row: failed',
      'row: refused',
      'with a pivot',
      'without a pivot',
    ])
  })
})

describe('any declaration', () => {
  it('leads only to declared states, and from each of them to the end', () => {
    everySaga((saga) => {
      const states = [...saga.steps.flatMap((step) => [step.state, ...(step.undo ? [step.undo.state] : [])]), saga.end.state]
      const transitions = transitionsOf(saga)
      for (const { from, to } of transitions) expect(states).toEqual(expect.arrayContaining([from, to]))

      const leading = new Set([saga.end.state])
      for (let size = 0; size < leading.size; ) {
        size = leading.size
        for (const { from, to } of transitions) if (leading.has(to)) leading.add(from)
      }
      // A last compensatable step has no later one that could fail, so nothing leads to its undo; but the undo leads on.
      expect([...leading].sort()).toEqual([...states].sort())
    })
  })

  it('has no message that leads two ways', () => {
    everySaga((saga) => {
      const messages = transitionsOf(saga).map(({ message }) => message)
      expect(new Set(messages).size).toBe(messages.length)
    })
  })

  it('gives the same id to the same target of a saga, and another one to any other', () => {
    everySaga((saga) => {
      const all: Target[] = [
        ...saga.steps.flatMap(({ name, at }) =>
          (['do', 'settle', 'undo'] as const).map((phase): Target => ({ kind: 'step', at, step: name, phase })),
        ),
        { kind: 'end', at: saga.home, outcome: 'completed' },
        { kind: 'end', at: saga.home, outcome: 'cancelled' },
      ]
      const idsOf = (sagaId: string) => all.map((target) => messageId(sagaId, { ...target }))
      expect(idsOf('a')).toEqual(idsOf('a'))
      expect(new Set([...idsOf('a'), ...idsOf('b')]).size).toBe(all.length * 2)
    })
  })

  it('has a state for every route', () => {
    everySaga((saga) => {
      for (const target of routesOf(saga).values()) expect(stateOf(saga, target)).toBeTypeOf('string')
    })
  })
})
