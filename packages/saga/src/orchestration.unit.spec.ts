import { describe, expect, it } from 'vitest'
import type { Answer, Command } from './command.ts'
import { afterAnswer, afterCancelWish, afterTimeout, beginDriving, type CancelWish, type Driving } from './orchestration.ts'
import { shaped } from './testing/declared.ts'

// s1 and s2 can be undone, s3 is the pivot, s4 cannot fail.
const saga = shaped(['compensatable', 'compensatable', 'pivot', 'retriable'])
const failure = { step: 's9', reason: 'out_of_stock' }
const wish = { step: 's9', reason: 'cancelled' }

type Phased = `${Command['phase']} ${string}`
const command = (text: Phased): Command => {
  const [phase, step] = text.split(' ') as [Command['phase'], string]
  return { step, phase }
}
const running = (text: Phased): Driving => ({ kind: 'running', command: command(text) })
const wished = (text: Phased): Driving => ({ kind: 'running', command: command(text), wish })
const compensating = (text: Phased, cause = failure): Driving => ({ kind: 'compensating', command: command(text), cause })
const completed: Driving = { kind: 'completed' }
const cancelled = (cause = failure): Driving => ({ kind: 'cancelled', cause })

const answer = (text: Phased, outcome: Answer['outcome']): Answer => {
  const { step, phase } = command(text)
  if (outcome === 'undone') return { step, phase: 'undo', outcome }
  const asked = phase === 'undo' ? 'do' : phase
  return outcome === 'done'
    ? { step, phase: asked, outcome, result: {} }
    : { step, phase: asked, outcome, cause: outcome === 'failed' ? failure : { step, reason: 'refused' } }
}

it('begins with its first step', () => {
  expect(beginDriving(saga)).toEqual(running('do s1'))
  expect(() => beginDriving({ ...saga, steps: [] })).toThrow(new RangeError('saga Sample has no steps'))
})

describe('afterAnswer', () => {
  const rules: readonly (readonly [string, Driving, Answer, Driving | undefined])[] = [
    ['done leads to the next step', running('do s1'), answer('do s1', 'done'), running('do s2')],
    ['the pivot done leads on', running('do s3'), answer('do s3', 'done'), running('do s4')],
    ['the last step done completes', running('do s4'), answer('do s4', 'done'), completed],
    ['the answer to a settle serves a do', running('do s2'), answer('settle s2', 'done'), running('do s3')],
    ['the answer to a do serves a settle', running('settle s2'), answer('do s2', 'done'), running('do s3')],
    ['failed turns back to the step before', running('do s2'), answer('do s2', 'failed'), compensating('undo s1')],
    ['the pivot failed turns back', running('do s3'), answer('do s3', 'failed'), compensating('undo s2')],
    ['failed cancels when nothing stands', running('do s1'), answer('do s1', 'failed'), cancelled()],
    [
      'refused turns back as failed does',
      running('settle s2'),
      answer('settle s2', 'refused'),
      compensating('undo s1', { step: 's2', reason: 'refused' }),
    ],
    ['undone leads back', compensating('undo s2'), answer('undo s2', 'undone'), compensating('undo s1')],
    ['the first step undone cancels', compensating('undo s1'), answer('undo s1', 'undone'), cancelled()],
    ['a wish undoes a step that is done', wished('settle s2'), answer('settle s2', 'done'), compensating('undo s2', wish)],
    ['a wish is met by a refusal', wished('settle s2'), answer('settle s2', 'refused'), compensating('undo s1', wish)],
    ['a refused first step cancels for the wish', wished('settle s1'), answer('settle s1', 'refused'), cancelled(wish)],
    ['a failure keeps its own reason', wished('settle s2'), answer('do s2', 'failed'), compensating('undo s1')],
    ['a pivot that is done wins against the wish', wished('settle s3'), answer('settle s3', 'done'), running('do s4')],
    ['of an earlier step changes nothing', running('do s2'), answer('do s1', 'done'), undefined],
    ['of a step not asked changes nothing', running('do s1'), answer('do s2', 'failed'), undefined],
    ['undone changes nothing while it is running', running('do s1'), answer('undo s1', 'undone'), undefined],
    ['a late done changes nothing once it turns back', compensating('undo s2'), answer('do s2', 'done'), undefined],
    ['a repeated undone changes nothing', compensating('undo s1'), answer('undo s2', 'undone'), undefined],
    ['changes nothing once completed', completed, answer('do s4', 'done'), undefined],
    ['changes nothing once cancelled', cancelled(), answer('undo s1', 'undone'), undefined],
  ]

  it.each(rules)('%s', (_, driving, answered, next) => {
    expect(afterAnswer(saga, driving, answered)).toEqual(next)
  })

  it('completes a saga that ends with its pivot, in spite of a wish', () => {
    const short = shaped(['compensatable', 'compensatable', 'pivot'])
    expect(afterAnswer(short, wished('settle s3'), answer('do s3', 'done'))).toEqual(completed)
  })

  it('turns back from a last step that can be undone when there is a wish', () => {
    const short = shaped(['compensatable', 'compensatable'])
    expect(afterAnswer(short, wished('settle s2'), answer('do s2', 'done'))).toEqual(compensating('undo s2', wish))
  })

  it('refuses a retriable step that answers that it did not succeed', () => {
    const refusal = new RangeError('step s4 is retriable and cannot fail')
    for (const outcome of ['failed', 'refused'] as const)
      expect(() => afterAnswer(saga, running('do s4'), answer('do s4', outcome))).toThrow(refusal)
  })
})

describe('afterTimeout', () => {
  const rules: readonly (readonly [string, Driving, Driving | undefined])[] = [
    ['settles a compensatable step', running('do s1'), running('settle s1')],
    ['settles the pivot', running('do s3'), running('settle s3')],
    ['repeats the do of a retriable step', running('do s4'), running('do s4')],
    ['repeats a settle', running('settle s2'), running('settle s2')],
    ['repeats a settle and keeps the wish', wished('settle s2'), wished('settle s2')],
    ['repeats an undo', compensating('undo s1'), compensating('undo s1')],
    ['sends nothing once completed', completed, undefined],
    ['sends nothing once cancelled', cancelled(), undefined],
  ]

  it.each(rules)('%s', (_, driving, next) => {
    expect(afterTimeout(saga, driving)).toEqual(next)
  })
})

describe('afterCancelWish', () => {
  const accepted = (driving: Driving): CancelWish => ({ kind: 'accepted', driving })
  const rules: readonly (readonly [string, Driving, CancelWish])[] = [
    ['settles the awaited step', running('do s1'), accepted(wished('settle s1'))],
    ['settles the pivot while its outcome is unknown', running('do s3'), accepted(wished('settle s3'))],
    ['settles again what is settled for a time-out', running('settle s2'), accepted(wished('settle s2'))],
    ['joins an earlier wish', wished('settle s2'), { kind: 'joined' }],
    ['joins what turns back anyway', compensating('undo s1'), { kind: 'joined' }],
    ['joins what is cancelled', cancelled(), { kind: 'joined' }],
    ['is late past the pivot', running('do s4'), { kind: 'late' }],
    ['is late once completed', completed, { kind: 'late' }],
  ]

  it.each(rules)('%s', (_, driving, fate) => {
    expect(afterCancelWish(saga, driving, wish)).toEqual(fate)
  })

  it('is late from the first retriable step when there is no pivot', () => {
    const pivotless = shaped(['compensatable', 'retriable'])
    expect(afterCancelWish(pivotless, running('do s1'), wish).kind).toBe('accepted')
    expect(afterCancelWish(pivotless, running('do s2'), wish).kind).toBe('late')
  })
})
