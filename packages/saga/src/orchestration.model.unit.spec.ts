import { describe, expect, it } from 'vitest'
import { decideCommand } from './command.ts'
import type { StepKind } from './definition.ts'
import { afterAnswer, afterCancelWish, afterTimeout, type Driving } from './orchestration.ts'
import { shaped } from './testing/declared.ts'
import { exploreDriven, type Rules, rules, type Violation } from './testing/orchestration-model.ts'

const C: StepKind = 'compensatable'
const P: StepKind = 'pivot'
const R: StepKind = 'retriable'
const placeOrderShape = [C, C, P, R]
const everyOutcome = ['done', 'failed', 'refused'] as const

/** Steps; states without and with exhausted attempts as a third outcome. A second implementation, from the prose alone, counts the same. */
const shapes: readonly (readonly [string, readonly StepKind[], number, number])[] = [
  ['PlaceOrder', placeOrderShape, 887, 1091],
  ['CancelOrder', [P, R, R], 51, 57],
  ['three compensatable', [C, C, C], 905, 1109],
  ['three compensatable, a pivot, a retriable', [C, C, C, P, R], 3443, 4295],
  ['no pivot', [C, R], 41, 47],
  ['one compensatable', [C], 35, 41],
  ['one pivot', [P], 31, 37],
  ['one retriable', [R], 3, 3],
]

describe('a driven saga, every command and answer any number of times in any order, wishes and time-outs at any moment', () => {
  it.each(shapes)('%s ends rightly from every state', (_, kinds, states, statesWithExhausted) => {
    const { violations, rest, ...explored } = exploreDriven(shaped(kinds), rules, everyOutcome)
    expect(Object.fromEntries(violations)).toEqual({})
    expect(rest.completed).toBeGreaterThan(0)
    expect(rest.cancelled > 0).toBe(kinds.some((kind) => kind !== R))
    expect(explored.states).toBe(statesWithExhausted)
    expect(exploreDriven(shaped(kinds), rules, ['done', 'failed']).states).toBe(states)
  })

  // Only parallel blocks would meet these cells: one step at a time, a step is undone only when it is known to be done.
  it('never asks a step without a row, or one that did not succeed, to undo', () => {
    const rows = ['none', 'done', 'failed', 'refused', 'undone']
    const all = [
      ...['do', 'settle', 'undo'].flatMap((phase) => rows.map((row) => `${phase} on ${row}`)),
      ...['accepted', 'joined', 'late'].map((fate) => `wish ${fate}`),
    ]
    const { met } = exploreDriven(shaped(placeOrderShape), rules, everyOutcome)
    expect(all.filter((cell) => !met.has(cell))).toEqual(['undo on none', 'undo on failed', 'undo on refused'])
  })
})

/** decideCommand, but for one kind of command on one kind of row. */
const deciding =
  (other: (...args: Parameters<typeof decideCommand>) => ReturnType<typeof decideCommand> | undefined): Rules['decideCommand'] =>
  (...args) =>
    other(...args) ?? decideCommand(...args)

/** afterAnswer, but for one kind of answer. `other` is also given what the real rule says. */
const answering =
  (
    other: (...args: [...Parameters<typeof afterAnswer>, Driving | undefined]) => Driving | undefined | 'as ever',
  ): Rules['afterAnswer'] =>
  (...args) => {
    const real = afterAnswer(...args)
    const instead = other(...args, real)
    return instead === 'as ever' ? real : instead
  }

const cause = { step: 's1', reason: 'broken' }
const undoing = (step: string | undefined): Driving =>
  step ? { kind: 'compensating', command: { step, phase: 'undo' }, cause } : { kind: 'cancelled', cause }

const bugs: readonly (readonly [string, Partial<Rules>, Violation])[] = [
  [
    'an answer after the end ends again',
    { afterAnswer: answering((_, driving) => (driving.kind === 'cancelled' ? driving : 'as ever')) },
    'two ends',
  ],
  [
    'a saga completes before its retriable steps',
    {
      afterAnswer: answering((_, driving, { step }, real) =>
        driving.kind === 'running' && real?.kind === 'running' && step === 's3' ? { kind: 'completed' } : 'as ever',
      ),
    },
    'completed with a step not done or undone',
  ],
  [
    'a failure is answered as done',
    {
      answerTo: ({ step, phase }) =>
        phase === 'undo' ? { step, phase, outcome: 'undone' } : { step, phase, outcome: 'done', result: {} },
    },
    'completed with a step not done or undone',
  ],
  [
    'a saga is cancelled before the earlier steps are undone',
    {
      afterAnswer: answering((_saga, _driving, _answer, real) =>
        real?.kind === 'compensating' ? undoing(undefined) : 'as ever',
      ),
    },
    'cancelled with a step done and not undone',
  ],
  [
    'do on refused runs',
    { decideCommand: deciding((_, phase, row) => (phase === 'do' && row?.outcome === 'refused' ? 'run' : undefined)) },
    'cancelled with a step done and not undone',
  ],
  [
    'a wish turns back from a pivot that is done',
    {
      afterAnswer: answering((_, driving, { step }) =>
        driving.kind === 'running' && driving.wish && step === 's3' ? undoing('s2') : 'as ever',
      ),
    },
    'pivot done and yet turned back',
  ],
  [
    'the earliest step is undone first',
    { afterAnswer: answering((_saga, _driving, _answer, real) => (real?.kind === 'compensating' ? undoing('s1') : 'as ever')) },
    'undone before a later step was undone',
  ],
  [
    'do on done runs again',
    {
      decideCommand: deciding((_, phase, row) => (phase === 'do' && row?.outcome === 'done' && !row.undone ? 'run' : undefined)),
    },
    'effect twice',
  ],
  [
    'undo on undone runs again',
    { decideCommand: deciding((_, phase, row) => (phase === 'undo' && row?.undone ? 'undo' : undefined)) },
    'undone twice',
  ],
  [
    'settle on failed undoes',
    { decideCommand: deciding((_, phase, row) => (phase === 'settle' && row?.outcome === 'failed' ? 'undo' : undefined)) },
    'undone without an effect',
  ],
  ['a time-out is forgotten', { afterTimeout: () => undefined }, 'at rest without an end'],
  [
    'the answer to a settle is ignored',
    { afterAnswer: answering((_saga, _driving, answer) => (answer.phase === 'settle' ? undefined : 'as ever')) },
    'at rest without an end',
  ],
  [
    'the answer to an undo is ignored',
    { afterAnswer: answering((_saga, _driving, answer) => (answer.phase === 'undo' ? undefined : 'as ever')) },
    'at rest without an end',
  ],
  [
    'a step is left out',
    {
      afterAnswer: answering((_saga, _driving, { step }, real) =>
        step === 's1' && real?.kind === 'running' ? { kind: 'running', command: { step: 's3', phase: 'do' } } : 'as ever',
      ),
    },
    'commanded a step that was not next',
  ],
  [
    'an undone step leads on again',
    {
      afterAnswer: answering((_saga, driving, { step }, real) =>
        driving.kind === 'compensating' && real ? { kind: 'running', command: { step, phase: 'settle' } } : 'as ever',
      ),
    },
    'commanded a step that was not next',
  ],
  [
    'a time-out turns back',
    {
      afterTimeout: (saga, driving) =>
        driving.kind === 'running' && driving.command.step === 's2' ? undoing('s1') : afterTimeout(saga, driving),
    },
    'blind undo',
  ],
  [
    'a wish turns back at once',
    {
      afterCancelWish: (saga, driving, wish) =>
        driving.kind === 'running' && driving.command.step === 's2'
          ? { kind: 'accepted', driving: undoing('s2') }
          : afterCancelWish(saga, driving, wish),
    },
    'blind undo',
  ],
  ['a time-out tries again', { afterTimeout: (_, driving) => driving }, 'blind retry'],
  [
    'a settle without an answer becomes a do',
    {
      afterTimeout: (saga, driving) =>
        driving.kind === 'running' && driving.command.phase === 'settle'
          ? { ...driving, command: { ...driving.command, phase: 'do' } }
          : afterTimeout(saga, driving),
    },
    'blind retry',
  ],
  [
    'a time-out settles every step',
    {
      afterTimeout: (_, driving) =>
        driving.kind === 'running' ? { ...driving, command: { ...driving.command, phase: 'settle' } } : undefined,
    },
    'settled a retriable step',
  ],
  [
    'a wish is accepted past the pivot',
    {
      afterCancelWish: (_, driving) =>
        driving.kind === 'running'
          ? { kind: 'accepted', driving: { ...driving, command: { ...driving.command, phase: 'settle' } } }
          : { kind: 'joined' },
    },
    'settled a retriable step',
  ],
  [
    'a wish only settles',
    {
      afterAnswer: answering((saga, driving, answer) =>
        driving.kind === 'running' ? afterAnswer(saga, { kind: 'running', command: driving.command }, answer) : 'as ever',
      ),
    },
    'went on in spite of a wish',
  ],
  ['a wish is forgotten', { afterCancelWish: () => ({ kind: 'joined' }) }, 'went on in spite of a wish'],
]

describe('the model of a driven saga bites', () => {
  it.each(bugs)('%s', (_, bug, violation) => {
    const { violations } = exploreDriven(shaped(placeOrderShape), { ...rules, ...bug }, ['done', 'failed'])
    expect([...violations.keys()]).toContain(violation)
  })

  it('has a broken rule for each violation', () => {
    const every: Record<Violation, true> = {
      'two ends': true,
      'completed with a step not done or undone': true,
      'cancelled with a step done and not undone': true,
      'pivot done and yet turned back': true,
      'undone before a later step was undone': true,
      'effect twice': true,
      'undone twice': true,
      'undone without an effect': true,
      'at rest without an end': true,
      'commanded a step that was not next': true,
      'blind undo': true,
      'blind retry': true,
      'settled a retriable step': true,
      'went on in spite of a wish': true,
    }
    expect([...new Set(bugs.map(([, , violation]) => violation))].sort()).toEqual(Object.keys(every).sort())
  })
})
