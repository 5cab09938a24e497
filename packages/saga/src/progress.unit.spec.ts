import { describe, expect, it } from 'vitest'
import { progressOf } from './progress.ts'
import type { StepRecord } from './protocol.ts'
import { shaped } from './testing/declared.ts'

const saga = shaped(['compensatable', 'compensatable', 'pivot', 'retriable'])
const done: StepRecord = { outcome: 'done', undone: false }
const undone: StepRecord = { outcome: 'done', undone: true }
const read = (records: Readonly<Record<string, StepRecord>>) => {
  const { state, steps } = progressOf(saga, new Map(Object.entries(records)))
  return `${state}: ${steps.map(({ status }) => status).join(' ')}`
}

// Along complete rows the property tests compare progressOf with the state machine.
describe('progressOf, when the rows of a participant are not known', () => {
  it('takes a saga without rows as at its first step', () => {
    expect(read({})).toBe('DOING_s1: running waiting waiting waiting')
  })

  it('knows from an undone step that the saga turned back', () => {
    expect(read({ s1: done, s2: undone })).toBe('UNDOING_s1: undoing undone waiting waiting')
  })

  it('knows from the first step, undone, that the saga has ended', () => {
    expect(read({ s1: undone })).toBe('ENDED: undone waiting waiting waiting')
  })

  it('waits for the earliest row that is missing', () => {
    expect(read({ s1: done, s2: done, s4: done })).toBe('DOING_s3: done done running done')
  })
})
