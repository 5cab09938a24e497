import { DatabaseError, type StepCall, type StepCalls } from '@comptoir/runtime'
import { type Answer, type Command, commandsOf, dataBefore, type Phase, type Saga } from '@comptoir/saga'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { type Static, type TSchema, Type } from 'typebox'
import { bounded, Problem } from './problem.ts'
import { Uuid } from './schemas.ts'
import { validationProblem } from './validation.ts'

export interface StepsOptions {
  readonly calls: StepCalls
  /** The service whose steps they are. */
  readonly service: string
  /** The declarations that it takes part in. */
  readonly sagas: readonly Saga[]
  /** What the service adds to an answer, which is sent when this resolves. The step's outcome is committed by then. */
  readonly complete?: (call: StepCall, answer: Answer) => Promise<object>
}

const phases: readonly string[] = ['do', 'settle', 'undo'] satisfies readonly Phase[]
const StepPath = Type.Object({ saga_id: Uuid, step: Type.String(), phase: Type.String() })
const StepBody = Type.Object({ definition: Type.String(), data: Type.Object({}) }, { additionalProperties: false })
const StepAnswer = Type.Object({ step: Type.String(), phase: Type.String(), outcome: Type.String() })

/** What a saga that turns back, or settles, tells. */
const Turning = Type.Object({ cause: Type.Optional(Type.Object({ step: Type.String(), reason: Type.String() })) })

/**
 * The steps of a service as calls, for whoever drives sagas over HTTP: `POST /sagas/:saga_id/steps/:step/:phase`. A step that
 * failed or was refused has answered like one that is done: 200. Any other status says nothing of the step's outcome; every
 * call may be made again.
 */
export function stepsApi({ calls, service, sagas, complete }: StepsOptions): FastifyPluginAsync {
  const known = new Map(sagas.map((saga) => [saga.id, bodiesOf(saga, service)]))
  return async (app) => {
    app.post<{ Params: Static<typeof StepPath>; Body: Static<typeof StepBody> }>(
      '/sagas/:saga_id/steps/:step/:phase',
      {
        config: { policy: 'service' },
        schema: {
          summary: 'Do, settle or undo a step of a saga',
          tags: ['sagas'],
          params: StepPath,
          body: StepBody,
          response: { 200: { ...StepAnswer, additionalProperties: true } },
        },
      },
      async (request) => {
        const { params, body } = request
        const command = { step: params.step, phase: params.phase as Phase }
        checkBody(request, schemaFor(known, service, body.definition, command))
        const call = { saga: params.saga_id, definition: body.definition, command, body: body.data }
        const answer = await calls.call(call).catch(refuseImpossible)
        return { ...answer, ...(await complete?.(call, answer)) }
      },
    )
  }
}

const nameOf = ({ step, phase }: Command): string => `${phase} ${step}`

/** The steps of a saga at a service; for each command that a driver may send to them, what its body must be. */
function bodiesOf(saga: Saga, service: string) {
  const steps = new Map(saga.steps.filter(({ at }) => at === service).map((step) => [step.name, step]))
  const bodies = new Map<string, TSchema>()
  for (const command of commandsOf(saga)) {
    const step = steps.get(command.step)
    if (!step) continue
    const data = command.phase === 'do' ? dataBefore(saga, step) : Turning
    bodies.set(nameOf(command), Type.Object({ definition: Type.Literal(saga.id), data }))
  }
  return { steps, bodies }
}

/** @throws Problem 404 when there is no such step or phase, 409 when no driver of that declaration sends such a command */
function schemaFor(
  known: ReadonlyMap<string, ReturnType<typeof bodiesOf>>,
  service: string,
  definition: string,
  command: Command,
): TSchema {
  const [step, asked] = [bounded(command.step), bounded(definition)]
  if (!phases.includes(command.phase))
    throw new Problem(404, 'unknown_phase', `There is no phase ${bounded(command.phase)}: call do, settle or undo.`)
  const saga = known.get(definition)
  if (!saga)
    throw new Problem(
      409,
      'unknown_declaration',
      `${service} does not know the declaration ${asked}: let it and the driver be of one release, participants first.`,
    )
  if (!saga.steps.has(command.step))
    throw new Problem(404, 'unknown_step', `${asked} has no step ${step} at ${service}: call the participant that has it.`)
  const schema = saga.bodies.get(nameOf(command))
  if (schema) return schema
  throw new Problem(
    409,
    'impossible_command',
    `Step ${step} of ${asked} has no ${command.phase}: repeat the do of a retriable step, and undo compensatable ones only.`,
  )
}

function checkBody(request: FastifyRequest, schema: TSchema): void {
  const validate = request.getValidationFunction(schema) ?? request.compileValidationSchema(schema)
  if (!validate(request.body)) throw validationProblem(validate.errors ?? [], 'body')
}

/** Data that no table takes, such as an id of something that is not there: nothing has happened. */
function refuseImpossible(error: unknown): never {
  if (error instanceof DatabaseError && /^2[23]/.test(error.code))
    throw new Problem(422, 'impossible_data', 'The data name what is not there, or are out of range: send what the saga knows.')
  throw error
}
