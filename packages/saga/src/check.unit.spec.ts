import { describe, expect, it } from 'vitest'
import type { StepDefinition, StepKind } from './definition.ts'
import { SagaDefinitionError } from './errors.ts'
import { declared, named, step } from './testing/declared.ts'

type Frame = Parameters<typeof declared>[1]

function problemsOf(steps: readonly StepDefinition[], frame?: Frame): readonly string[] {
  try {
    declared(steps, frame)
    return []
  } catch (error) {
    if (error instanceof SagaDefinitionError) return error.problems
    throw error
  }
}

const first = step('compensatable', 'reserve')
const pivot = step('pivot', 'pay')
const last = step('retriable', 'ship')
/** The step without one of its parts: what a cast hides from the compiler. */
const without = (whole: StepDefinition, part: 'undo' | 'failed'): StepDefinition => {
  const { [part]: _, ...rest } = whole
  return rest
}
const undo = { undo: { name: 'giveBack', state: 'GIVING_BACK', done: named('GivenBack') } }
const withUndo = (part: Partial<(typeof undo)['undo']>): StepDefinition => ({ ...first, undo: { ...undo.undo, ...part } })
const nameCure = 'take 1 to 64 letters and digits, a letter first'
const placeCure = 'take 1 to 64 letters, digits, - or _, a letter first'
const stateCure = 'take 1 to 64 letters, digits or _, a letter first, such as DECREASING_STOCK'

const wrongFrames: readonly (readonly [string, Frame, string])[] = [
  ['a name with a slash', { name: 'a/b' }, `saga a/b: its name "a/b" is no name: ${nameCure}`],
  [
    'version 0',
    { version: 0 },
    'saga Sample: version 0 must be a whole number from 1: begin with 1 and raise it with each change',
  ],
  [
    'version 1.5',
    { version: 1.5 },
    'saga Sample: version 1.5 must be a whole number from 1: begin with 1 and raise it with each change',
  ],
  ['no home', { home: '' }, 'saga Sample has no home: name the service that begins it'],
  ['a home with a space', { home: 'my shop' }, `saga Sample: home "my shop" is no name: ${placeCure}`],
  [
    'an end without a state',
    { end: { state: '', message: named('Ended') } },
    `saga Sample: end state "" is no name: ${stateCure}`,
  ],
  [
    'an end message without a name',
    { end: { state: 'ENDED', message: named('') } },
    `saga Sample: end message "" is no name: ${nameCure}`,
  ],
  [
    'an end in the state of a step',
    { end: { state: pivot.state, message: named('Ended') } },
    'state DOING_pay belongs to step pay and to the end: rename one',
  ],
  [
    'an end with the message of a step',
    { end: { state: 'ENDED', message: pivot.done } },
    'message payDone belongs to step pay (done) and to the end: rename one',
  ],
  [
    'an end with the message that begins the saga',
    { end: { state: 'ENDED', message: named('SampleRequested') } },
    'message SampleRequested belongs to the beginning and to the end: rename one',
  ],
]

const wrongSteps: readonly (readonly [string, readonly StepDefinition[], string])[] = [
  ['no steps', [], 'saga Sample has no steps: declare at least one before .end()'],
  ['a step name with a colon', [{ ...pivot, name: 'pay:now' }], `step pay:now: its name "pay:now" is no name: ${nameCure}`],
  [
    'a step name of 65 letters',
    [{ ...pivot, name: 'x'.repeat(65) }],
    `step ${'x'.repeat(65)}: its name "${'x'.repeat(65)}" is no name: ${nameCure}`,
  ],
  [
    'a step that hides the input',
    [{ ...pivot, name: 'input' }],
    'step input would hide the input of the saga, which later steps read under that name: rename it',
  ],
  ['a step without a place', [{ ...pivot, at: '' }], 'step pay has no place: say which service runs it with at'],
  ['a place with a slash', [{ ...pivot, at: 'a/b' }], `step pay: place "a/b" is no name: ${placeCure}`],
  ['a step without a state', [{ ...pivot, state: '' }], `step pay: state "" is no name: ${stateCure}`],
  ['a state in words', [{ ...pivot, state: 'paying now' }], `step pay: state "paying now" is no name: ${stateCure}`],
  ['a message without a name', [{ ...pivot, done: named('') }], `step pay: done message "" is no name: ${nameCure}`],
  [
    'a failure that looks like a settle',
    [{ ...pivot, failed: named('settle:pay') }],
    `step pay: failed message "settle:pay" is no name: ${nameCure}`,
  ],
  ['an undo without a name', [withUndo({ name: '' })], `step reserve: undo "" is no name: ${nameCure}`],
  ['an undo without a state', [withUndo({ state: '' })], `step reserve: undo state "" is no name: ${stateCure}`],
  ['an undo message without a name', [withUndo({ done: named('') })], `step reserve: undo message "" is no name: ${nameCure}`],
  [
    'a compensatable step without an undo',
    [without(first, 'undo')],
    'step reserve is compensatable but has no undo: declare one, or make it the pivot',
  ],
  [
    'a pivot with an undo',
    [{ ...pivot, ...undo }],
    'step pay is pivot and is never undone: remove its undo, or make it compensatable and declare it before the pivot',
  ],
  [
    'a retriable step with an undo',
    [{ ...last, ...undo }],
    'step ship is retriable and is never undone: remove its undo, or make it compensatable and declare it before the pivot',
  ],
  [
    'a compensatable step without a failure',
    [without(first, 'failed')],
    'step reserve can fail but has no failed message: declare one, or make it retriable and declare it after the pivot',
  ],
  [
    'a pivot without a failure',
    [without(pivot, 'failed')],
    'step pay can fail but has no failed message: declare one, or make it retriable and declare it after the pivot',
  ],
  [
    'a retriable step that fails',
    [{ ...last, failed: named('ShipFailed') }],
    'step ship is retriable and cannot fail: remove failed, or make it the pivot',
  ],
  [
    'a second pivot',
    [pivot, step('pivot', 'charge')],
    'step charge is a second pivot after pay: a saga has one; make one of them compensatable or retriable',
  ],
  [
    'an undo after the pivot',
    [pivot, first],
    'step reserve is compensatable but stands after pay, past which nothing is undone: declare it before, or make it retriable',
  ],
  [
    'an undo after a retriable step',
    [last, first],
    'step reserve is compensatable but stands after ship, past which nothing is undone: declare it before, or make it retriable',
  ],
  [
    'a pivot after a retriable step',
    [last, pivot],
    'step pay is pivot but stands after ship, past which nothing is undone: declare it before, or make it retriable',
  ],
  [
    'a step declared twice',
    [first, { ...pivot, name: 'reserve' }],
    'step reserve belongs to step number 1 and to step number 2: rename one',
  ],
  [
    'an undo named like a step',
    [withUndo({ name: 'pay' }), pivot],
    'step pay belongs to the undo of reserve and to step number 2: rename one',
  ],
  [
    'one state for two steps',
    [first, { ...pivot, state: first.state }],
    'state DOING_reserve belongs to step reserve and to step pay: rename one',
  ],
  [
    'one state for a step and its undo',
    [withUndo({ state: first.state })],
    'state DOING_reserve belongs to step reserve and to the undo of reserve: rename one',
  ],
  [
    'one message for two steps',
    [first, { ...pivot, done: first.done }],
    'message reserveDone belongs to step reserve (done) and to step pay (done): rename one',
  ],
  [
    'one message for both outcomes',
    [{ ...pivot, failed: pivot.done }],
    'message payDone belongs to step pay (done) and to step pay (failed): rename one',
  ],
  [
    'an undo that emits what its step emits',
    [withUndo({ done: first.done })],
    'message reserveDone belongs to step reserve (done) and to the undo of reserve: rename one',
  ],
  [
    'a step that emits what begins the saga',
    [{ ...pivot, done: named('SampleRequested') }],
    'message SampleRequested belongs to the beginning and to step pay (done): rename one',
  ],
]

describe('checkDefinition', () => {
  it.each(['compensatable', 'pivot', 'retriable'] as const)('finds nothing wrong with one %s step', (kind: StepKind) => {
    expect(problemsOf([step(kind, 'only')])).toEqual([])
  })

  it('finds nothing wrong with names and versions at their bounds', () => {
    expect(
      problemsOf([step('pivot', 'p', `s-1_${'x'.repeat(60)}`)], { name: 'X'.repeat(64), version: Number.MAX_SAFE_INTEGER }),
    ).toEqual([])
  })

  it.each(wrongFrames)('refuses %s', (_, frame, problem) => {
    expect(problemsOf([pivot], frame)).toEqual([problem])
  })

  it.each(wrongSteps)('refuses %s', (_, steps, problem) => {
    expect(problemsOf(steps)).toEqual([problem])
  })

  it('reports all problems at once, in one readable error', () => {
    expect(() => declared([without(first, 'undo'), pivot, { ...pivot, at: '' }], { name: 'Bad', home: '' })).toThrow(
      [
        'saga Bad cannot work:',
        '- saga Bad has no home: name the service that begins it',
        '- step reserve is compensatable but has no undo: declare one, or make it the pivot',
        '- step pay has no place: say which service runs it with at',
        '- step pay is a second pivot after pay: a saga has one; make one of them compensatable or retriable',
        '- step pay belongs to step number 2 and to step number 3: rename one',
      ].join('\n'),
    )
  })
})
