import { describe, expect, it } from 'vitest'
import {
  answerTo,
  answerType,
  type CommandDecision,
  commandsOf,
  commandType,
  type Definite,
  decideCommand,
  parseAnswerType,
  parseCommandType,
} from './command.ts'
import type { StepKind } from './definition.ts'
import { type Phase, routesOf, type StepRecord } from './protocol.ts'
import { shaped } from './testing/declared.ts'

const kinds: readonly StepKind[] = ['compensatable', 'pivot', 'retriable']
const rows = {
  none: undefined,
  done: { outcome: 'done', undone: false },
  failed: { outcome: 'failed', undone: false },
  refused: { outcome: 'refused', undone: false },
  undone: { outcome: 'done', undone: true },
} satisfies Record<string, StepRecord | undefined>

const ofAnyKind: readonly (readonly [Phase, keyof typeof rows, CommandDecision])[] = [
  ['do', 'none', 'run'],
  ['do', 'done', 'answer'],
  ['do', 'failed', 'answer'],
  ['do', 'refused', 'answer'],
  ['do', 'undone', 'answer'],
  ['settle', 'done', 'answer'],
  ['settle', 'failed', 'answer'],
  ['settle', 'refused', 'answer'],
  ['settle', 'undone', 'answer'],
  ['undo', 'none', 'refuse'],
  ['undo', 'done', 'undo'],
  ['undo', 'failed', 'answer'],
  ['undo', 'refused', 'answer'],
  ['undo', 'undone', 'answer'],
]

describe('decideCommand', () => {
  it.each(ofAnyKind)('%s on %s: %s', (phase, row, decision) => {
    for (const kind of kinds) expect(decideCommand(kind, phase, rows[row])).toBe(decision)
  })

  it.each(['compensatable', 'pivot'] as const)('settle of a %s step on none: refuse', (kind) => {
    expect(decideCommand(kind, 'settle', undefined)).toBe('refuse')
  })

  it('does not settle a retriable step that has not run', () => {
    expect(() => decideCommand('retriable', 'settle', undefined)).toThrow(
      new RangeError('a retriable step without an outcome cannot be settled: repeat its do'),
    )
  })
})

describe('answerTo', () => {
  const done: Definite = { outcome: 'done', result: { order_id: 7 } }
  const failed: Definite = { outcome: 'failed', cause: { step: 's1', reason: 'out_of_stock' } }
  const refused: Definite = { outcome: 'refused', cause: { step: 's1', reason: 'refused' } }

  it.each(['do', 'settle'] as const)('answers a %s with the stored outcome and its result or cause', (phase) => {
    for (const row of [done, failed, refused]) expect(answerTo({ step: 's1', phase }, row)).toEqual({ step: 's1', phase, ...row })
  })

  it('answers an undo with undone, whatever the row', () => {
    for (const row of [done, failed, refused])
      expect(answerTo({ step: 's1', phase: 'undo' }, row)).toEqual({ step: 's1', phase: 'undo', outcome: 'undone' })
  })
})

describe('the messages of a driven saga', () => {
  const saga = shaped(['compensatable', 'pivot', 'retriable'])

  it('are named after phase and step; a retriable step is never settled, only a compensatable one is undone', () => {
    expect(commandsOf(saga).map((command) => [commandType(command), answerType(command)])).toEqual([
      ['command:do:s1', 'answer:do:s1'],
      ['command:settle:s1', 'answer:settle:s1'],
      ['command:undo:s1', 'answer:undo:s1'],
      ['command:do:s2', 'answer:do:s2'],
      ['command:settle:s2', 'answer:settle:s2'],
      ['command:do:s3', 'answer:do:s3'],
    ])
  })

  it('are read back from their types', () => {
    for (const command of commandsOf(saga)) {
      expect(parseCommandType(saga, commandType(command))).toEqual(command)
      expect(parseAnswerType(saga, answerType(command))).toEqual(command)
    }
  })

  it('are told from each other and from every message of the choreography', () => {
    const choreographed = [...routesOf(saga).keys()]
    for (const type of [...choreographed, ...commandsOf(saga).map(answerType)])
      expect(parseCommandType(saga, type)).toBeUndefined()
    for (const type of [...choreographed, ...commandsOf(saga).map(commandType)])
      expect(parseAnswerType(saga, type)).toBeUndefined()
  })

  it.each([
    'command:settle:s3',
    'command:undo:s2',
    'command:do:s9',
    'command:do:',
    'command:do:s1:',
    'Command:do:s1',
    'do:s1',
    '',
  ])('know no command %j', (type) => {
    expect(parseCommandType(saga, type)).toBeUndefined()
  })
})
