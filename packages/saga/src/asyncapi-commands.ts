import { type TSchema, Type } from 'typebox'
import { answerType, type Command, commandsOf, commandType } from './command.ts'
import { type Saga, type StepDefinition, stepOf } from './definition.ts'
import { dataBefore } from './message-data.ts'
import type { Phase } from './protocol.ts'

/** The service that drives sagas over messages, and its mailbox. */
export const driver = 'orchestrator'

const cause = Type.Object({ step: Type.String(), reason: Type.String() })

/** A message of a saga that is driven: who sends it, to whose mailbox, and the schema of its data. */
export interface DrivenMessage {
  readonly type: string
  readonly from: string
  readonly to: string
  /** Which of the mailboxes there: of an answer, the one for what is to be done. */
  readonly phase: Phase
  readonly data: TSchema
  readonly summary: string
}

/** What a driver and the participants say to each other when a saga is orchestrated over messages: each command, and its answer. */
export const drivenMessages = (saga: Saga): readonly DrivenMessage[] =>
  commandsOf(saga).flatMap((command) => {
    const step = stepOf(saga, command.step)
    const asked = { do: 'do', undo: 'undo', settle: 'make definite the outcome of' }[command.phase]
    return [
      {
        type: commandType(command),
        from: driver,
        to: step.at,
        phase: command.phase,
        data: asks(saga, step, command),
        summary: `when it is driven: asks ${step.at} to ${asked} ${step.name}`,
      },
      {
        type: answerType(command),
        from: step.at,
        to: driver,
        phase: 'do',
        data: answers(step, command),
        summary: `when it is driven: says what has become of ${step.name}`,
      },
    ]
  })

/** A do carries all that is known, the others why the saga turns back; a settle that a time-out sends has no reason. */
function asks(saga: Saga, step: StepDefinition, { phase }: Command): TSchema {
  if (phase === 'do') return dataBefore(saga, step)
  return Type.Object({ cause: phase === 'undo' ? cause : Type.Optional(cause) })
}

function answers(step: StepDefinition, { phase }: Command): TSchema {
  const which = { step: Type.Literal(step.name), phase: Type.Literal(phase) }
  if (phase === 'undo') return Type.Object({ ...which, outcome: Type.Literal('undone') })
  const done = Type.Object({ ...which, outcome: Type.Literal('done'), result: step.done.schema })
  if (step.kind === 'retriable') return done
  const outcome = Type.Union([Type.Literal('failed'), Type.Literal('refused')])
  return Type.Union([done, Type.Object({ ...which, outcome, cause })])
}
