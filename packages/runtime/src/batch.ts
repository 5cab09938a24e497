import {
  type Cause,
  type Change,
  decide,
  type Outcome,
  type Saga,
  type StepDefinition,
  sendingAfter,
  type Task,
  type UndoTask,
} from '@comptoir/saga'
import { crashPoint } from './crash-points.ts'
import { holdRefused } from './held.ts'
import { noteAttention } from './home.ts'
import { type Claim, claimInbox, claimKey, readSteps, recordVerdicts, type StoredStep, type Verdict } from './inbox.ts'
import type { LoggedMessage } from './log.ts'
import type { AnyHandler, EventHandler, Home, ReceivedEvent } from './participant.ts'
import type { Item } from './routing.ts'
import type { UnitOfWork } from './unit-of-work.ts'

type StepItem = Extract<Item, { kind: 'step' }>
type RefusedItem = Extract<Item, { kind: 'refused' }>

/** All fresh messages of one step: what is to be done, and what is to be undone. */
interface StepGroup {
  readonly saga: Saga
  readonly step: StepDefinition
  readonly handler: AnyHandler
  readonly tasks: Task[]
  readonly undos: UndoTask[]
}
interface EventGroup {
  readonly handler: EventHandler
  readonly events: ReceivedEvent[]
}

/** What a batch did, for the diagnostics: outcomes by step and phase. */
export type Report = Map<string, { saga: string; step: string; phase: string; outcomes: Record<string, number> }>

/**
 * Handles a batch inside one unit of work: inbox, locks, handlers, outcomes, messages. Each key occurs at most once, so
 * that the do and the undo of one step never meet in one batch.
 *
 * @throws whatever a handler throws; then nothing of the batch has happened
 */
export async function handleBatch(
  unit: UnitOfWork,
  service: string,
  homes: ReadonlyMap<string, Home>,
  items: readonly Item[],
): Promise<Report> {
  const report: Report = new Map()
  const claims = items.flatMap(claimsOf)
  const claiming = claims.length > 0 ? claimInbox(unit, service, claims) : new Set<string>()
  // What new work locks is known before the claims are answered: one round trip for both. A repeated message locks in vain.
  const locked = isAllNew(items) ? unit.lock(union(items.map(locksOf))) : undefined
  locked?.catch(() => {})
  const fresh = await claiming
  crashPoint('consumer.afterInbox')
  const stored = await storedSteps(unit, service, items, fresh)

  const steps = new Map<string, StepGroup>()
  const events = new Map<string, EventGroup>()
  const sends = new Sends(unit, report)
  const verdicts: Verdict[] = []
  const refused: RefusedItem[] = []
  for (const item of items) {
    if (item.kind === 'step') sort(item, fresh, stored, steps, sends, verdicts)
    else if (item.kind === 'event' && fresh.has(claimKey(eventClaim(item)))) gather(events, item)
    else if (item.kind === 'end') {
      const { cause } = JSON.parse(item.message.body) as { cause?: Cause }
      unit.end(item.saga, { saga: item.message.key, outcome: item.outcome, cause })
    } else if (item.kind === 'attention') await attend(unit, service, homes, item)
    else if (item.kind === 'refused' && fresh.has(claimKey(eventClaim(item)))) refused.push(item)
  }
  if (refused.length > 0) await holdRefused(unit, service, refused)

  await (locked ?? unit.lock(union([...steps.values(), ...events.values()].map(locksOfGroup))))
  crashPoint('consumer.afterLocks')
  for (const group of steps.values()) await run(unit, group, sends, verdicts)
  for (const { handler, events: arrived } of events.values()) {
    await handler.handle(unit, arrived)
    sends.count({ name: 'event' }, handler.type, 'event', 'done', arrived.length)
  }
  crashPoint('consumer.afterHandlers')
  if (verdicts.length > 0) unit.unanswered(recordVerdicts(unit, service, verdicts))
  return report
}

const eventClaim = ({ message }: Pick<Item, 'message'>): Claim => ({
  id: message.id ?? message.key,
  step: message.type,
  phase: 'event',
  outcome: 'done',
  data: null,
})

function claimsOf(item: Item): Claim[] {
  if (item.kind === 'event' || item.kind === 'refused') return [eventClaim(item)]
  if (item.kind !== 'step') return []
  const { message, step, phase } = item
  const doing = { id: message.key, step: step.name, phase: 'do' } as const
  switch (phase) {
    case 'do':
      return [{ ...doing, outcome: 'done', data: step.kind === 'compensatable' ? message.body : null }]
    case 'settle':
      return step.kind === 'retriable' ? [] : [{ ...doing, outcome: 'refused', data: null }]
    case 'undo':
      return [
        { ...doing, outcome: 'refused', data: null },
        { ...doing, phase: 'undo', outcome: 'done', data: null },
      ]
    default:
      return phase satisfies never
  }
}

/** The rows that undo and settle found already there. */
async function storedSteps(
  unit: UnitOfWork,
  service: string,
  items: readonly Item[],
  fresh: ReadonlySet<string>,
): Promise<ReadonlyMap<string, StoredStep>> {
  const met = items.filter((item): item is StepItem => item.kind === 'step' && item.phase !== 'do' && !fresh.has(doKey(item)))
  if (met.length === 0) return new Map()
  return readSteps(
    unit,
    service,
    met.map(({ message, step }) => ({ id: message.key, step: step.name })),
  )
}

const doKey = ({ message, step }: StepItem): string => claimKey({ id: message.key, step: step.name, phase: 'do' })

/** Decides what one step message does, by the protocol. */
function sort(
  item: StepItem,
  fresh: ReadonlySet<string>,
  stored: ReadonlyMap<string, StoredStep>,
  steps: Map<string, StepGroup>,
  sends: Sends,
  verdicts: Verdict[],
): void {
  const { message, saga, step, phase, handler } = item
  const first = fresh.has(doKey(item))
  const row = stored.get(doKey(item))
  // A do that conflicts has an outcome already, whatever it is; an undo is undone when its own row was there.
  const record = first
    ? undefined
    : {
        outcome: row?.outcome ?? ('done' as const),
        undone: phase === 'undo' && !fresh.has(claimKey({ id: message.key, step: step.name, phase: 'undo' })),
      }
  const decision = decide(step.kind, phase, record)
  const group = () => {
    const name = `${saga.id} ${step.name}`
    const known = steps.get(name) ?? { saga, step, handler, tasks: [], undos: [] }
    steps.set(name, known)
    return known
  }
  switch (decision) {
    case 'run':
      return void group().tasks.push({ saga: message.key, data: JSON.parse(message.body) })
    case 'undo':
      return void group().undos.push({
        saga: message.key,
        data: JSON.parse(row?.data ?? 'null'),
        result: JSON.parse(row?.result ?? '{}'),
        cause: causeOf(message.body, step),
      })
    case 'refuse': {
      const cause = causeOf(message.body, step)
      verdicts.push({ id: message.key, step: step.name, outcome: 'refused', result: null, reason: cause.reason, detail: null })
      return sends.after(saga, step, message.key, 'failed', { cause }, cause, 'refused')
    }
    case 'forward':
      return sends.after(saga, step, message.key, 'forward', {}, undefined, 'forwarded')
    case 'nothing':
      return sends.count(saga, step.name, phase, 'repeated', 1)
    default:
      return decision satisfies never
  }
}

const causeOf = (body: string, step: StepDefinition): Cause =>
  (JSON.parse(body) as { cause?: Cause }).cause ?? { step: step.name, reason: 'refused' }

/** Runs one step's handlers over all its fresh messages. */
async function run(
  unit: UnitOfWork,
  { saga, step, handler, tasks, undos }: StepGroup,
  sends: Sends,
  verdicts: Verdict[],
): Promise<void> {
  if (tasks.length > 0) {
    const outcomes = await handler.do(unit, tasks)
    if (outcomes.length !== tasks.length)
      throw new TypeError(
        `step ${step.name} answered ${outcomes.length} outcomes for ${tasks.length} tasks: answer one each, in the same order`,
      )
    for (const [index, task] of tasks.entries()) {
      const outcome = outcomes[index]
      if (!outcome) throw new TypeError(`step ${step.name} answered nothing for task ${index}`)
      const verdict = settleTask(saga, step, task, outcome, sends)
      if (verdict) verdicts.push(verdict)
    }
  }
  if (undos.length > 0) {
    if (!handler.undo) throw new TypeError(`step ${step.name} cannot be undone`)
    await handler.undo(unit, undos)
    for (const undo of undos) sends.after(saga, step, undo.saga, 'undone', { cause: undo.cause }, undo.cause, 'undone')
  }
}

/** Sends what follows from an outcome; answers what the inbox row must say beyond `done`. */
export function settleTask(
  saga: Saga,
  step: StepDefinition,
  task: Task,
  outcome: Outcome<unknown, unknown>,
  sends: Sends,
): Verdict | undefined {
  const row = { id: task.saga, step: step.name, reason: null, detail: null }
  if (outcome.kind === 'failed') {
    const failure = outcome as { reason: unknown; detail?: string }
    const cause = { step: step.name, reason: String(failure.reason) }
    sends.after(saga, step, task.saga, 'failed', { cause }, cause, 'failed')
    return { ...row, outcome: 'failed', result: null, reason: cause.reason, detail: failure.detail ?? null }
  }
  const { result } = outcome as { result: object }
  sends.after(saga, step, task.saga, 'done', { ...(task.data as object), [step.name]: result }, undefined, 'done')
  return Object.keys(result).length > 0 ? { ...row, outcome: 'done', result: JSON.stringify(result) } : undefined
}

/** Sends what follows from a change of a step, and counts it. */
export class Sends {
  readonly #unit: UnitOfWork
  readonly #report: Report
  constructor(unit: UnitOfWork, report: Report) {
    this.#unit = unit
    this.#report = report
  }

  after(
    saga: Saga,
    step: StepDefinition,
    id: string,
    change: Change,
    data: unknown,
    cause: Cause | undefined,
    outcome: string,
  ): void {
    const sending = sendingAfter(saga, step, change)
    if (sending) this.#unit.send(saga, id, sending, data, cause)
    this.count(saga, step.name, change === 'undone' ? 'undo' : 'do', outcome, 1)
  }

  count(saga: { readonly name: string }, step: string, phase: string, outcome: string, count: number): void {
    const name = `${saga.name} ${step} ${phase}`
    const entry = this.#report.get(name) ?? { saga: saga.name, step, phase, outcomes: {} }
    this.#report.set(name, entry)
    entry.outcomes[outcome] = (entry.outcomes[outcome] ?? 0) + count
  }
}

function gather(events: Map<string, EventGroup>, { message, handler }: Extract<Item, { kind: 'event' }>): void {
  const group = events.get(handler.type) ?? { handler, events: [] }
  events.set(handler.type, group)
  group.events.push(received(message))
}

const received = (message: LoggedMessage): ReceivedEvent => ({
  id: message.id ?? message.key,
  key: message.key,
  data: JSON.parse(message.body),
})

type LockKeys = Readonly<Record<string, readonly (number | string)[]>> | undefined

const locksOfGroup = (group: StepGroup | EventGroup): LockKeys =>
  'events' in group ? group.handler.locks?.(group.events) : group.handler.locks?.([...group.tasks, ...group.undos])

/** Whether nothing is undone or settled: only then do the messages themselves tell what is locked. */
const isAllNew = (items: readonly Item[]): boolean => items.every((item) => item.kind !== 'step' || item.phase === 'do')

function locksOf(item: Item): LockKeys {
  const { message } = item
  if (item.kind === 'step') return item.handler.locks?.([{ saga: message.key, data: JSON.parse(message.body) }])
  return item.kind === 'event' ? item.handler.locks?.([received(message)]) : undefined
}

function union(locks: readonly LockKeys[]): Map<string, Set<number | string>> {
  const wanted = new Map<string, Set<number | string>>()
  for (const one of locks) {
    for (const [name, keys] of Object.entries(one ?? {})) {
      const known = wanted.get(name) ?? new Set()
      wanted.set(name, known)
      for (const key of keys) known.add(key)
    }
  }
  return wanted
}

async function attend(
  unit: UnitOfWork,
  service: string,
  homes: ReadonlyMap<string, Home>,
  { message, saga }: Extract<Item, { kind: 'attention' }>,
): Promise<void> {
  const { note } = JSON.parse(message.body) as { note: string | null }
  const changed = await noteAttention(unit, service, message.key, note)
  if (changed)
    await homes.get(saga.id)?.attention?.(unit, [{ saga: message.key, subject: changed.subject, needed: note !== null }])
}
