import { describe, expect, it } from 'vitest'
import type { StepKind } from './definition.ts'
import { decide, type StepRecord, sendingAfter } from './protocol.ts'
import { shaped } from './testing/declared.ts'
import { explore, type Protocol, protocol, type Violation } from './testing/protocol-model.ts'

/** Steps in every legal order: compensatable ones, then at most one pivot, then retriable ones. */
function shapesOf(length: number): StepKind[][] {
  const shapes: StepKind[][] = []
  for (let pivots = 0; pivots <= 1; pivots++) {
    for (let before = 0; before <= length - pivots; before++) {
      shapes.push([
        ...Array<StepKind>(before).fill('compensatable'),
        ...Array<StepKind>(pivots).fill('pivot'),
        ...Array<StepKind>(length - pivots - before).fill('retriable'),
      ])
    }
  }
  return shapes
}

const everyOutcome: readonly StepRecord['outcome'][] = ['done', 'failed', 'refused']
const placeOrderShape: readonly StepKind[] = ['compensatable', 'compensatable', 'pivot', 'retriable']

describe('the protocol, every message any number of times in any order', () => {
  const shapes = [1, 2, 3, 4, 5].flatMap(shapesOf)

  it('is explored for all 35 shapes of up to five steps', () => {
    expect(new Set(shapes.map((kinds) => kinds.join())).size).toBe(35)
  })

  it.each(shapes.map((kinds) => [kinds.join(' '), kinds] as const))(
    'I5, I9, I19: %s ends rightly from every state',
    (_, kinds) => {
      const { violations, rest } = explore(shaped(kinds), protocol, everyOutcome)
      expect(Object.fromEntries(violations)).toEqual({})
      expect(rest.completed).toBeGreaterThan(0)
      const canFail = kinds.some((kind) => kind !== 'retriable')
      expect(rest.cancelled > 0).toBe(canFail)
    },
  )

  // An independent model of the protocol counts the same; with exhausted attempts as a third outcome there are 57.
  it('has 43 states for the steps of PlaceOrder', () => {
    const { states } = explore(shaped(placeOrderShape), protocol, ['done', 'failed'])
    expect(states).toBe(43)
    expect(explore(shaped(placeOrderShape), protocol, everyOutcome).states).toBe(57)
  })

  // Parallel blocks and the orchestrated style meet these cells; until then the table of decide is their only test.
  it('never asks a step without a row, or one that did not succeed, to undo while blocks have one step', () => {
    const rows = ['none', 'done', 'failed', 'refused', 'undone']
    const all = ['do', 'settle', 'undo'].flatMap((phase) => rows.map((row) => `${phase} on ${row}`))
    const met = new Set(shapes.flatMap((kinds) => [...explore(shaped(kinds), protocol, everyOutcome).met]))
    expect(all.filter((cell) => !met.has(cell))).toEqual(['undo on none', 'undo on failed', 'undo on refused'])
  })
})

/** decide, but for one kind of message on one kind of row. */
const deciding =
  (other: (...args: Parameters<typeof decide>) => ReturnType<typeof decide> | undefined): Protocol['decide'] =>
  (...args) =>
    other(...args) ?? decide(...args)

const bugs: readonly (readonly [string, Partial<Protocol>, Violation])[] = [
  [
    'do on refused runs',
    { decide: deciding((_, phase, row) => (phase === 'do' && row?.outcome === 'refused' ? 'run' : undefined)) },
    'cancelled with a step done and not undone',
  ],
  [
    'do on failed runs again',
    { decide: deciding((_, phase, row) => (phase === 'do' && row?.outcome === 'failed' ? 'run' : undefined)) },
    'two ends',
  ],
  [
    'do on undone runs again',
    { decide: deciding((_, phase, row) => (phase === 'do' && row?.undone ? 'run' : undefined)) },
    'cancelled with a step done and not undone',
  ],
  [
    'do on done runs again',
    { decide: deciding((_, phase, row) => (phase === 'do' && row?.outcome === 'done' && !row.undone ? 'run' : undefined)) },
    'effect twice',
  ],
  [
    'do on none does nothing',
    { decide: deciding((_, phase, row) => (phase === 'do' && !row ? 'nothing' : undefined)) },
    'at rest without an end',
  ],
  [
    'settle on none does nothing',
    { decide: deciding((_, phase, row) => (phase === 'settle' && !row ? 'nothing' : undefined)) },
    'settled without an end',
  ],
  [
    'settle on done does nothing',
    { decide: deciding((_, phase, row) => (phase === 'settle' && row ? 'nothing' : undefined)) },
    'settled without an end',
  ],
  [
    'settle on done undoes',
    {
      decide: deciding((kind, phase, row) =>
        phase === 'settle' && row?.outcome === 'done' && kind === 'compensatable' ? 'undo' : undefined,
      ),
    },
    'undone before a later step was undone',
  ],
  [
    'settle refuses a retriable step',
    { decide: deciding((kind, phase, row) => (phase === 'settle' && !row && kind === 'retriable' ? 'refuse' : undefined)) },
    'nothing to send',
  ],
  [
    'undo on done does nothing',
    { decide: deciding((_, phase, row) => (phase === 'undo' && row?.outcome === 'done' ? 'nothing' : undefined)) },
    'at rest without an end',
  ],
  [
    'undo on undone runs again',
    { decide: deciding((_, phase, row) => (phase === 'undo' && row?.undone ? 'undo' : undefined)) },
    'undone without an effect',
  ],
  [
    'a failure tells nobody',
    { sendingAfter: (saga, step, change) => (change === 'failed' ? undefined : sendingAfter(saga, step, change)) },
    'at rest without an end',
  ],
  [
    'an undo goes home past the earlier steps',
    { sendingAfter: (saga, step, change) => withEnd('undone', 'cancelled', saga, step, change) },
    'cancelled with a step done and not undone',
  ],
  [
    'a step goes home before the later ones',
    { sendingAfter: (saga, step, change) => withEnd('done', 'completed', saga, step, change) },
    'completed with a step not done or undone',
  ],
  [
    'a settle is not sent on',
    { sendingAfter: (saga, step, change) => (change === 'forward' ? undefined : sendingAfter(saga, step, change)) },
    'settled without an end',
  ],
]

function withEnd(
  when: string,
  outcome: 'completed' | 'cancelled',
  ...args: Parameters<typeof sendingAfter>
): ReturnType<typeof sendingAfter> {
  const sending = sendingAfter(...args)
  return args[2] === when && sending ? { ...sending, target: { kind: 'end', at: args[0].home, outcome } } : sending
}

describe('the model bites', () => {
  // Each bug is met in the shape of PlaceOrder, or, where a settle must reach a retriable step, in one without a pivot.
  it.each(bugs)('%s', (_, bug, violation) => {
    const shapes: readonly (readonly StepKind[])[] = [placeOrderShape, ['compensatable', 'retriable']]
    const found = shapes.flatMap((kinds) => [...explore(shaped(kinds), { ...protocol, ...bug }, everyOutcome).violations.keys()])
    expect(found).toContain(violation)
  })
})
