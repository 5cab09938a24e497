import { type TSchema, Type } from 'typebox'
import { requested, type Saga, type StepDefinition } from './definition.ts'

/** Why a saga turns back, as messages carry it. */
const cause = Type.Object({ step: Type.String(), reason: Type.String() })
/** A settle carries ids only. */
const nothing = Type.Object({})

/** What a step is given: the input of the saga and the results of the steps before it, under their names. */
export function dataBefore(saga: Saga, step: StepDefinition): TSchema {
  const before = saga.steps.slice(0, saga.steps.indexOf(step))
  return Type.Object({ input: saga.input, ...resultsOf(before) })
}

const resultsOf = (steps: readonly StepDefinition[]): Record<string, TSchema> =>
  Object.fromEntries(steps.map((step) => [step.name, step.done.schema]))

/**
 * The schema of the data that a message of the saga carries, by the message's type. On the way forward: all that is known by
 * then. On the way back: the cause alone, since the inbox rows of the participants hold what their undos read.
 */
export function messageData(saga: Saga): ReadonlyMap<string, TSchema> {
  const data = new Map<string, TSchema>([[requested(saga), Type.Object({ input: saga.input })]])
  for (const [index, step] of saga.steps.entries()) {
    data.set(step.done.name, Type.Object({ input: saga.input, ...resultsOf(saga.steps.slice(0, index + 1)) }))
    if (step.failed) data.set(step.failed.name, Type.Object({ cause }))
    if (step.undo) data.set(step.undo.done.name, Type.Object({ cause }))
    data.set(`settle:${step.name}`, nothing)
  }
  const outcome = Type.Union([Type.Literal('completed'), Type.Literal('cancelled')])
  return data.set(saga.end.message.name, Type.Object({ outcome, cause: Type.Optional(cause) }))
}
