import type { Database, Service } from '@comptoir/runtime'
import {
  checkDefinition,
  checkEventLoops,
  checkServices,
  checkTogether,
  dataBefore,
  type EventRoute,
  literalsOf,
  type Saga,
  type StepDefinition,
} from '@comptoir/saga'
import { isNewest } from '../installation.ts'
import { Exercise } from './exercise.ts'
import { partsOf } from './parts.ts'
import type { EventReport, Report, SagaReport, StepReport, Work } from './report.ts'
import { effectsOf } from './tables.ts'
import type { Trace } from './trace.ts'

/** What is checked: the declarations and the code of an installation, and examples of every saga. */
export interface Installation {
  readonly sagas: readonly Saga[]
  readonly events: readonly EventRoute[]
  /** Its services, with demo data. @throws what a service throws that cannot start */
  open(): Promise<readonly Service[]>
  examples(exercise: Exercise): Promise<void>
}

/** Checks an installation; its examples run on that database, which is thrown away afterwards. */
export async function inspect({ sagas, events, open, examples }: Installation, database: Database): Promise<Report> {
  const problems = [...sagas.flatMap(checkDefinition), ...checkTogether(sagas)]
  const services = await open().catch((error: unknown) => {
    problems.push(`a service cannot start: ${wordsOf(error)}`)
    return undefined
  })
  const exercise = new Exercise(services ?? [])
  if (services) {
    const parts = services.map((service) => partsOf(service, sagas, events))
    problems.push(...checkServices(sagas, parts, events))
    await examples(exercise).catch((error: unknown) => problems.push(`an example cannot run: ${wordsOf(error)}`))
  }
  const reports: SagaReport[] = []
  for (const saga of sagas) reports.push(await sagaReport(saga, exercise, database))
  const heard: EventReport[] = []
  for (const event of events) heard.push({ ...event, work: await workOf(exercise.eventTrace(event), database) })
  if (services) problems.push(...sagas.filter(isNewest).flatMap((saga) => unseen(saga, exercise)), ...heard.flatMap(unheard))
  return { sagas: reports, events: heard, store: null, problems: [...problems, ...loops(events, exercise)] }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function sagaReport(saga: Saga, exercise: Exercise, database: Database): Promise<SagaReport> {
  const seen = (work: string) => workOf(exercise.trace(saga, work), database)
  const steps: StepReport[] = []
  for (const step of saga.steps) {
    const { name, kind, at, state, done, failed, timeout = null, undo } = step
    steps.push({
      name,
      kind,
      at,
      state,
      given: dataBefore(saga, step),
      result: done.schema,
      reasons: failed ? literalsOf(failed.schema) : [],
      timeout,
      work: await seen(name),
      undo: undo ? { name: undo.name, state: undo.state, work: await seen(undo.name) } : null,
    })
  }
  const { id, name, version, home } = saga
  return { id, name, version, home, steps, ended: await seen('ended'), attention: await seen('attention') }
}

async function workOf(trace: Trace | undefined, database: Database): Promise<Work | null> {
  if (!trace) return null
  const sends = [...trace.sends].map(([type, to]) => `${type} to ${to}`)
  return { ...(await effectsOf(database, trace)), sends, begins: [...trace.begins] }
}

/** What the examples do not show, so that the listing would not be whole. */
function unseen(saga: Saga, exercise: Exercise): string[] {
  const missing = (step: StepDefinition) => {
    const reasons = step.failed ? literalsOf(step.failed.schema) : []
    const met = exercise.reasons(saga, step)
    return [
      ...[step.name, step.undo?.name].flatMap((work) =>
        work === undefined || exercise.trace(saga, work) ? [] : [`no example runs ${work} of ${saga.name}: add one`],
      ),
      ...reasons
        .filter((reason) => !met.has(reason))
        .map((reason) => `no example makes ${step.name} of ${saga.name} fail with ${reason}: add one, or remove the reason`),
      ...[...met]
        .filter((reason) => !reasons.includes(reason))
        .map((reason) => `step ${step.name} of ${saga.name} failed with ${reason}, which it does not declare: declare it`),
    ]
  }
  return saga.steps.flatMap(missing)
}

const unheard = ({ type, to, work }: EventReport): string[] => (work ? [] : [`no example lets ${to} hear event ${type}: add one`])

/** Loops among the events that handlers were seen to send. */
const loops = (events: readonly EventRoute[], exercise: Exercise): string[] =>
  checkEventLoops(
    events.flatMap((event) =>
      [...(exercise.eventTrace(event)?.sends.keys() ?? [])].map((sends) => ({ hears: event.type, sends })),
    ),
  )
