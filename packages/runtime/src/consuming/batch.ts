import {
  type Answer,
  type Cause,
  type Definite,
  decide,
  decideCommand,
  type Saga,
  type StepDefinition,
  type Task,
  type UndoTask,
} from '@comptoir/saga'
import { crashPoint } from '../crash-points.ts'
import { takeAnswers } from '../driving/driving.ts'
import { noteAttention } from '../home/home.ts'
import { heedPause, pauseClaim } from '../home/pause-messages.ts'
import type { AnyHandler, EventHandler, Home, ReceivedEvent } from '../participant.ts'
import type { Service } from '../service.ts'
import type { Attention, UnitOfWork } from '../unit-of-work.ts'
import { holdRefused } from './held.ts'
import {
  type Claim,
  claimInbox,
  claimKey,
  type Fresh,
  readSteps,
  recordVerdicts,
  type StoredStep,
  type Verdict,
} from './inbox.ts'
import type { Item } from './routing.ts'
import { type Asked, type Report, Sends } from './sends.ts'

type StepItem = Extract<Item, { kind: 'step' }>
type RefusedItem = Extract<Item, { kind: 'refused' }>

/** All fresh messages of one step: what is to be done, and what is to be undone. */
interface StepGroup {
  readonly saga: Saga
  readonly step: StepDefinition
  readonly handler: AnyHandler
  readonly tasks: Task[]
  /** The JSON text of each task's data. */
  readonly texts: string[]
  readonly undos: UndoTask[]
}
interface EventGroup {
  readonly handler: EventHandler
  readonly events: ReceivedEvent[]
}

/**
 * Handles a batch inside one unit of work: inbox, locks, handlers, outcomes, messages. Each key occurs at most once, so
 * that the do and the undo of one step never meet in one batch.
 *
 * @param free resolves before a handler may begin; what was asked for before, so that it costs no round trip
 * @throws what that or a handler throws; then nothing of the batch has happened
 */
export async function handleBatch(
  unit: UnitOfWork,
  { name: service, homes, drives }: Pick<Service, 'name' | 'homes' | 'drives'>,
  items: readonly Item[],
  free?: Promise<void>,
): Promise<Report> {
  const report: Report = new Map()
  const given = items.map(givenBy)
  // What new work locks is known before the claims are answered: one round trip for both. A repeated message locks in vain.
  const wanted = isAllNew(items) ? union(locksOfNew(items, given)) : undefined
  const claims = items.flatMap(claimsOf)
  const claiming = claims.length > 0 ? claimInbox(unit, service, claims) : () => false
  const locked = wanted && unit.lock(wanted)
  locked?.catch(() => {})
  const fresh = await claiming
  await free
  crashPoint('consumer.afterInbox')
  const stored = await storedSteps(unit, service, items, fresh)

  const steps: StepGroup[] = []
  const events = new Map<string, EventGroup>()
  const sends = new Sends(unit, report, askedOf(items))
  const verdicts: Verdict[] = []
  const refused: RefusedItem[] = []
  const answers = new Map<string, Answer>()
  for (const [index, item] of items.entries()) {
    if (item.kind === 'step') sort(item, given[index] as Task, fresh, stored, steps, sends, verdicts)
    else if (item.kind === 'event' && fresh(eventClaim(item))) gather(events, item, given[index] as ReceivedEvent)
    else if (item.kind === 'end') {
      const { cause } = JSON.parse(item.message.body) as { cause?: Cause }
      unit.end(item.saga, { saga: item.message.key, outcome: item.outcome, cause })
    } else if (item.kind === 'answer') answers.set(item.message.key, JSON.parse(item.message.body))
    else if (item.kind === 'attention') await attend(unit, service, homes, item)
    else if (item.kind === 'pause' && fresh(pauseClaim(item))) await heedPause(unit, service, item)
    else if (item.kind === 'refused' && fresh(refusedClaim(item))) refused.push(item)
  }
  if (refused.length > 0) await holdRefused(unit, service, refused)
  if (answers.size > 0) await takeAnswers(unit, service, drives, answers)

  await (locked ?? unit.lock(union([...steps, ...events.values()].map(locksOfGroup))))
  crashPoint('consumer.afterLocks')
  for (const group of steps) await run(unit, group, sends, verdicts)
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

/** Not the event's own claim: who bears its id without right must not stand in its way. */
const refusedClaim = (item: RefusedItem): Claim => ({ ...eventClaim(item), step: `${item.message.type} refused` })

function claimsOf(item: Item): Claim[] {
  if (item.kind === 'event') return [eventClaim(item)]
  if (item.kind === 'refused') return [refusedClaim(item)]
  if (item.kind === 'pause') return [pauseClaim(item)]
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

/** The rows that undo, settle and commands found already there. */
async function storedSteps(
  unit: UnitOfWork,
  service: string,
  items: readonly Item[],
  fresh: Fresh,
): Promise<ReadonlyMap<string, StoredStep>> {
  const met = items.filter(
    (item): item is StepItem =>
      item.kind === 'step' && (item.phase !== 'do' || item.asked !== undefined) && !fresh(rowOf(item, 'do')),
  )
  if (met.length === 0) return new Map()
  return readSteps(
    unit,
    service,
    met.map(({ message, step }) => ({ id: message.key, step: step.name })),
  )
}

/** The commands of a batch, by saga. */
const askedOf = (items: readonly Item[]): ReadonlyMap<string, Asked> =>
  new Map(items.flatMap((item) => (item.kind === 'step' && item.asked ? [[item.message.key, item.asked] as const] : [])))

/** What the inbox row of a step says, to the driver that asks. */
function definite(step: StepDefinition, row: StoredStep | undefined): Definite {
  if (!row || row.outcome === 'done') return { outcome: 'done', result: JSON.parse(row?.result ?? '{}') }
  return { outcome: row.outcome, cause: { step: step.name, reason: row.reason ?? row.outcome } }
}

const rowOf = <P extends Claim['phase']>({ message, step }: StepItem, phase: P) => ({ id: message.key, step: step.name, phase })

/** Decides what one step message does, by the protocol. @param task what a do gives */
function sort(
  item: StepItem,
  task: Task,
  fresh: Fresh,
  stored: ReadonlyMap<string, StoredStep>,
  steps: StepGroup[],
  sends: Sends,
  verdicts: Verdict[],
): void {
  const { message, saga, step, phase, handler } = item
  const first = fresh(rowOf(item, 'do'))
  const row = stored.size > 0 ? stored.get(claimKey(rowOf(item, 'do'))) : undefined
  // A do that conflicts has an outcome already, whatever it is; an undo is undone when its own row was there.
  const record = first
    ? undefined
    : {
        outcome: row?.outcome ?? ('done' as const),
        undone: phase === 'undo' && !fresh(rowOf(item, 'undo')),
      }
  const decision = item.asked ? decideCommand(step.kind, phase, record) : decide(step.kind, phase, record)
  const group = () => {
    const known = steps.find((one) => one.saga === saga && one.step === step)
    if (known) return known
    const added: StepGroup = { saga, step, handler, tasks: [], texts: [], undos: [] }
    steps.push(added)
    return added
  }
  switch (decision) {
    case 'run': {
      const { tasks, texts } = group()
      tasks.push(task)
      texts.push(message.body)
      return
    }
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
      return sends.failed(saga, step, message.key, 'refused', cause)
    }
    case 'forward':
      return sends.forward(saga, step, message.key, JSON.parse(message.body))
    case 'answer':
      return sends.again(saga, step, message.key, definite(step, row))
    case 'nothing':
      return sends.count(saga, step.name, phase, 'repeated', 1)
    default:
      return decision satisfies never
  }
}

/** Why a step is undone or refused: what the message says, or, of a settle, why it was sent. */
function causeOf(body: string, step: StepDefinition): Cause {
  const { cause, reason = 'refused' } = JSON.parse(body) as { cause?: Cause; reason?: string }
  return cause ?? { step: step.name, reason }
}

/** Runs one step's handlers over all its fresh messages. */
async function run(
  unit: UnitOfWork,
  { saga, step, handler, tasks, texts, undos }: StepGroup,
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
      const verdict = sends.settled(saga, step, task, outcome, texts[index] ?? '')
      if (verdict) verdicts.push(verdict)
    }
  }
  if (undos.length > 0) {
    if (!handler.undo) throw new TypeError(`step ${step.name} cannot be undone`)
    await handler.undo(unit, undos)
    for (const undo of undos) sends.undone(saga, step, undo.saga, undo.cause)
  }
}

function gather(events: Map<string, EventGroup>, { handler }: Extract<Item, { kind: 'event' }>, event: ReceivedEvent): void {
  const group = events.get(handler.type) ?? { handler, events: [] }
  events.set(handler.type, group)
  group.events.push(event)
}

/** What a do or an event gives to its handler, read once. */
function givenBy(item: Item): Task | ReceivedEvent | undefined {
  const { message } = item
  if (item.kind === 'step') return item.phase === 'do' ? { saga: message.key, data: JSON.parse(message.body) } : undefined
  return item.kind === 'event' ? { id: message.id ?? message.key, key: message.key, data: JSON.parse(message.body) } : undefined
}

type LockKeys = Readonly<Record<string, readonly (number | string)[]>> | undefined

const locksOfGroup = (group: StepGroup | EventGroup): LockKeys =>
  'events' in group ? group.handler.locks?.(group.events) : group.handler.locks?.([...group.tasks, ...group.undos])

/** Whether nothing is undone or settled: only then do the messages themselves tell what is locked. */
const isAllNew = (items: readonly Item[]): boolean => items.every((item) => item.kind !== 'step' || item.phase === 'do')

/** All that is new for a handler at once. */
function locksOfNew(items: readonly Item[], given: readonly (Task | ReceivedEvent | undefined)[]): LockKeys[] {
  const byHandler = new Map<AnyHandler | EventHandler, (Task | ReceivedEvent)[]>()
  for (const [index, item] of items.entries()) {
    const one = given[index]
    if (!one || (item.kind !== 'step' && item.kind !== 'event')) continue
    const known = byHandler.get(item.handler)
    if (known) known.push(one)
    else byHandler.set(item.handler, [one])
  }
  return [...byHandler].map(([handler, all]) => handler.locks?.(all as never))
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

/** Notes that a person is needed at the row of the saga, which its driver keeps or its home, and tells the home's own code. */
async function attend(
  unit: UnitOfWork,
  service: string,
  homes: ReadonlyMap<string, Home>,
  { message, saga }: Extract<Item, { kind: 'attention' }>,
): Promise<void> {
  const { note, driven } = JSON.parse(message.body) as Attention
  const noted = driven ?? (await noteAttention(unit, service, message.key, note))
  if (!noted) return
  if (saga.home !== service) unit.tellAttention(saga.home, saga, message.key, { note, driven: noted })
  else await homes.get(saga.id)?.attention?.(unit, [{ saga: message.key, subject: noted.subject, needed: note !== null }])
}
