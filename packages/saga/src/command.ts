import type { Saga, StepDefinition } from './definition.ts'
import type { Cause } from './outcome.ts'
import { decide, type Phase, type StepRecord } from './protocol.ts'

/**
 * The participant's side of the orchestrated style: a driver sends commands, each participant answers the driver and
 * sends to no neighbour. A command may come any number of times, in any order, at any time; the same inbox row as in the
 * choreography says what it does. The driver's side is orchestration.ts.
 */

/** What a driver asks of a step. */
export interface Command {
  readonly step: string
  readonly phase: Phase
}

/** A step's definite outcome, as its inbox row says it: the result, or why it did not succeed. */
export type Definite =
  | { readonly outcome: 'done'; readonly result: object }
  | { readonly outcome: 'failed' | 'refused'; readonly cause: Cause }

/** What a participant answers to a command: do and settle make the same outcome definite; an undo is always undone. */
export type Answer =
  | ({ readonly step: string; readonly phase: 'do' | 'settle' } & Definite)
  | { readonly step: string; readonly phase: 'undo'; readonly outcome: 'undone' }

/** run the handler; refuse: write `refused`, so that a late do does nothing; undo: run the undo; answer: change nothing. */
export type CommandDecision = 'run' | 'refuse' | 'undo' | 'answer'

/**
 * What a command does to a step of that kind whose inbox row is `record` (undefined: none yet). Whatever it does, the
 * participant then answers what its row says (`answerTo`).
 *
 * @throws RangeError when a retriable step is settled before it has run: a driver repeats its do instead
 */
export function decideCommand(kind: StepDefinition['kind'], phase: Phase, record: StepRecord | undefined): CommandDecision {
  const decision = decide(kind, phase, record)
  switch (decision) {
    case 'run':
    case 'refuse':
    case 'undo':
      return decision
    case 'forward':
    case 'nothing':
      if (!record) throw new RangeError(`a ${kind} step without an outcome cannot be settled: repeat its do`)
      return 'answer'
    default:
      return decision satisfies never
  }
}

/** The answer to a command. `row` is what the step's inbox row says once the command was handled; an undo leaves no effect, whatever the row. */
export function answerTo({ step, phase }: Command, row: Definite): Answer {
  return phase === 'undo' ? { step, phase, outcome: 'undone' } : { step, phase, ...row }
}

/** Every command that a driver may send: a retriable step is never settled, and only a compensatable one is undone. */
export const commandsOf = (saga: Saga): readonly Command[] =>
  saga.steps.flatMap(({ name: step, kind }) => [
    { step, phase: 'do' as const },
    ...(kind === 'retriable' ? [] : [{ step, phase: 'settle' as const }]),
    ...(kind === 'compensatable' ? [{ step, phase: 'undo' as const }] : []),
  ])

/** The type of a command's message: `command:do:createOrder`. No name that can be declared has a colon, so the choreography has no such type. */
export const commandType = ({ step, phase }: Command): string => `command:${phase}:${step}`
/** The type of the message that answers a command: `answer:do:createOrder`. */
export const answerType = ({ step, phase }: Command): string => `answer:${phase}:${step}`

/** The command of that message type; undefined when no driver of this saga sends it. */
export const parseCommandType = (saga: Saga, type: string): Command | undefined =>
  commandsOf(saga).find((command) => commandType(command) === type)
/** The command that a message of that type answers; undefined when no participant of this saga sends it. */
export const parseAnswerType = (saga: Saga, type: string): Command | undefined =>
  commandsOf(saga).find((command) => answerType(command) === type)
