import { expect, it } from 'vitest'
import { shaped } from './testing/declared.ts'
import { stateOf, transition } from './transitions.ts'

const saga = shaped(['compensatable', 'pivot'])

it('leads on by a message that belongs to the state', () => {
  expect(transition(saga, 'DOING_s2', 's2Failed')).toBe('UNDOING_s1')
})

it('does not move on a message that belongs to another state, or to none', () => {
  expect(transition(saga, 'DOING_s1', 's2Failed')).toBeUndefined()
  expect(transition(saga, 'ENDED', 's1Done')).toBeUndefined()
  expect(transition(saga, 'DOING_s1', 'Unheard')).toBeUndefined()
})

it('knows no state for the undo of a pivot, or for a step of another saga', () => {
  expect(() => stateOf(saga, { kind: 'step', at: 'shop', step: 's2', phase: 'undo' })).toThrow(
    'saga Sample has no state for undo of s2',
  )
  expect(() => stateOf(saga, { kind: 'step', at: 'shop', step: 's9', phase: 'do' })).toThrow(
    'saga Sample has no state for do of s9',
  )
})
