import {
  type Answer,
  answerType,
  type Cause,
  type Command,
  checkSize,
  commandType,
  deadlineOf,
  firstSending,
  type Phase,
  type Saga,
  type Sending,
  settleSending,
  stepOf,
} from '@comptoir/saga'
import { endSagas, insertSagas, type OpenedSaga } from './home/home.ts'
import { appendToLog, type LogEntry } from './log/log.ts'
import type { Ending, Home, Lockable } from './participant.ts'
import type { Ids } from './ports/clock.ts'
import type { inTransaction, Transaction, Value } from './ports/database.ts'
import type { Beginning, OutgoingEvent, Unit } from './unit.ts'

/** What a unit of work needs to know of its service. */
export interface UnitContext {
  readonly name: string
  readonly ids: Ids
  readonly homes: ReadonlyMap<string, Home>
  readonly lockables: Readonly<Record<string, Lockable>>
}

/** The mailbox of a service's own projections: it never leaves the service. */
export const changesMailbox = (service: string): string => `${service}.changes`
/** The mailbox of what settles and undoes the steps of a service: it is read before the service's own, which bears its name. */
export const controlMailbox = (service: string): string => `${service}.control`
/** The mailboxes that others send to at these services. */
export const mailboxesOf = (services: readonly string[]): string[] => services.flatMap((name) => [name, controlMailbox(name)])
const mailboxFor = (at: string, phase: Phase): string => (phase === 'do' ? at : controlMailbox(at))
/** The mailbox of the service that drives the orchestrated sagas: participants answer there. */
export const driverMailbox = 'orchestrator'
/** Told to whoever keeps a saga's row when an undo or a retriable step has exhausted its attempts, and again when it went on. */
export const attentionType = 'SagaNeedsAttention'
/** Why a person is needed, or null: nobody any more. `driven`: the driver has noted it already, and tells the saga's home. */
export interface Attention {
  readonly note: string | null
  readonly driven?: { readonly subject: string | null }
}

/** The mailbox of what only waiters, projections and the feed read: the ends of sagas. */
export const feedMailbox = 'feed'

/** A unit of work: gathers what is to be sent and writes it, set-based, before the commit. */
export class UnitOfWork implements Unit {
  declare readonly [inTransaction]: true
  readonly #tx: Transaction
  readonly #context: UnitContext
  readonly #entries: LogEntry[] = []
  readonly #changes = new Map<string, Set<number | string>>()
  readonly #begun: OpenedSaga[] = []
  readonly #ended = new Map<Saga, Ending[]>()
  readonly #locked = new Map<string, ReadonlyMap<number | string, unknown>>()
  /** Sagas begun and ended here, for the diagnostics: what happened, how often. */
  readonly tally = new Map<string, { saga: string; event: 'began' | 'completed' | 'cancelled'; count: number }>()

  constructor(tx: Transaction, context: UnitContext) {
    this.#tx = tx
    this.#context = context
  }

  query<R>(text: string, values?: readonly Value[]): Promise<R[]> {
    return this.#tx.query<R>(text, values)
  }

  write(text: string, values?: readonly Value[]): void {
    this.unanswered(this.#tx.query(text, values))
  }

  /** A statement whose answer nobody needs: when it fails, the transaction does. */
  unanswered(statement: Promise<unknown>): void {
    statement.catch(() => {})
  }

  /** Waits for the answers of all statements so far. @throws when one of them has failed */
  async answered(): Promise<void> {
    await this.#tx.query('select')
  }

  newId(): string {
    return this.#context.ids.uuid()
  }

  publish(event: OutgoingEvent): void {
    this.#add({ mailbox: event.to, key: event.key, type: event.type, id: this.#context.ids.uuid(), definition: null }, event.data)
  }

  changed(kind: string, ids: Iterable<number | string>): void {
    const known = this.#changes.get(kind) ?? new Set()
    for (const id of ids) known.add(id)
    if (known.size > 0) this.#changes.set(kind, known)
  }

  begin<Input>(saga: Saga<string, Input>, beginnings: readonly Beginning<Input>[]): void {
    this.opened(
      saga,
      beginnings.map(({ id, subject }) => ({ id, subject: subject ?? null })),
    )
    const sending = firstSending(saga)
    for (const { id, input } of beginnings) this.send(saga, id, sending, { input })
  }

  settle(saga: Saga, id: string, reason?: string): void {
    this.send(saga, id, settleSending(saga), { reason })
  }

  locked<R>(name: string): ReadonlyMap<number | string, R> {
    const rows = this.#locked.get(name)
    if (!rows) throw new Error(`nothing was locked as ${name}: declare it in the handler's locks`)
    return rows as ReadonlyMap<number | string, R>
  }

  /** Writes the rows of sagas that begin with this transaction, without a first message. */
  opened(saga: Saga, begun: readonly { readonly id: string; readonly subject: string | null }[], style = 'choreographed'): void {
    if (saga.home !== this.#context.name && style === 'choreographed')
      throw new TypeError(`${saga.name} begins at home, which is ${saga.home}: begin it there, its end would find no row here`)
    const deadline = style === 'choreographed' ? deadlineOf(saga) : null
    for (const { id, subject } of begun) this.#begun.push({ id, subject, definition: saga.id, style, deadline })
    this.#count(saga, 'began', begun.length)
  }

  /** Sends a message of a saga: to a mailbox, or, when the saga's end is at home here, ends it in this transaction. */
  send(saga: Saga, id: string, sending: Sending, data: unknown, cause?: Cause): void {
    if (!this.#endsHere(saga, id, sending, cause)) this.sendText(saga, id, sending, JSON.stringify(data))
  }

  /** The same, of data that is JSON text already. */
  sendText(saga: Saga, id: string, sending: Sending, text: string): void {
    if (this.#endsHere(saga, id, sending, undefined)) return
    const { target, type } = sending
    const mailbox = target.kind === 'step' ? mailboxFor(target.at, target.phase) : target.at
    this.#addText({ mailbox, key: id, type, id: null, definition: saga.id }, text)
  }

  #endsHere(saga: Saga, id: string, { target }: Sending, cause: Cause | undefined): boolean {
    if (target.kind !== 'end' || target.at !== this.#context.name) return false
    this.end(saga, { saga: id, outcome: target.outcome, cause })
    return true
  }

  /** Says that a person is needed for a saga, or (no note) no longer. */
  tellAttention(mailbox: string, saga: Saga, id: string, attention: Attention): void {
    this.#add({ mailbox, key: id, type: attentionType, id: null, definition: saga.id }, attention)
  }

  /** Sends a command of a saga that is driven here. */
  command(saga: Saga, id: string, command: Command, data: unknown): void {
    const { at } = stepOf(saga, command.step)
    this.#add(
      { mailbox: mailboxFor(at, command.phase), key: id, type: commandType(command), id: null, definition: saga.id },
      data,
    )
  }

  /** Sends the answer to a command to the driver. */
  answer(saga: Saga, id: string, answer: Answer): void {
    this.#add({ mailbox: driverMailbox, key: id, type: answerType(answer), id: null, definition: saga.id }, answer)
  }

  /** Ends a saga whose home is here. */
  end(saga: Saga, ending: Ending): void {
    const endings = this.#ended.get(saga) ?? []
    this.#ended.set(saga, endings)
    endings.push(ending)
  }

  /** Locks the union of what the handlers declared: tables by name, keys in sorted order. */
  async lock(wanted: ReadonlyMap<string, ReadonlySet<number | string>>): Promise<void> {
    for (const name of [...wanted.keys()].sort()) {
      const lockable = this.#context.lockables[name]
      if (!lockable) throw new Error(`${name} is not lockable: add it to the lockables of ${this.#context.name}`)
      const { table, key, type, columns } = lockable
      const rows = await this.#tx.query<Record<string, unknown> & { key: number | string }>(
        `select ${[`${key} as key`, ...columns].join(', ')} from ${table} where ${key} = any($1::${type}[]) order by ${key} for update`,
        [[...(wanted.get(name) ?? [])]],
      )
      this.#locked.set(name, new Map(rows.map((row) => [row.key, row])))
    }
  }

  /** Writes everything that was gathered. Returns the mailboxes to wake after the commit. */
  async flush(): Promise<ReadonlySet<string>> {
    // Before the ends: a saga of one step begins and ends in one transaction. After them: what an end begins.
    this.#open()
    // In one order, as whoever else was told the same ends.
    const ended = [...this.#ended].sort(([a], [b]) => (a.id < b.id ? -1 : 1))
    for (const [saga, endings] of ended) await this.#end(saga, endings)
    this.#open()
    if (this.#changes.size > 0) {
      const body = Object.fromEntries([...this.#changes].map(([kind, ids]) => [kind, [...ids]]))
      this.#add(
        {
          mailbox: changesMailbox(this.#context.name),
          key: this.#context.ids.uuid(),
          type: 'changed',
          id: null,
          definition: null,
        },
        body,
        false,
      )
    }
    // Nobody waits for it: it goes together with the commit.
    if (this.#entries.length > 0) this.unanswered(appendToLog(this.#tx, this.#context.name, this.#entries))
    return new Set(this.#entries.map((entry) => entry.mailbox))
  }

  #open(): void {
    const begun = this.#begun.splice(0)
    if (begun.length > 0) this.unanswered(insertSagas(this.#tx, this.#context.name, begun))
  }

  async #end(saga: Saga, endings: readonly Ending[]): Promise<void> {
    const fresh = await endSagas(this.#tx, this.#context.name, endings)
    const ended = endings
      .filter((ending) => fresh.has(ending.saga))
      .map((ending) => ({ ...ending, subject: fresh.get(ending.saga) ?? null }))
    if (ended.length === 0) return
    for (const { saga: id, outcome, cause } of ended) {
      this.#add(
        { mailbox: feedMailbox, key: id, type: saga.end.message.name, id: null, definition: saga.id },
        { outcome, ...(cause && { cause }) },
      )
      this.#count(saga, outcome, 1)
    }
    await this.#context.homes.get(saga.id)?.ended?.(this, ended)
  }

  #add(entry: Omit<LogEntry, 'body'>, data: unknown, check = true): void {
    this.#addText(entry, JSON.stringify(data), check)
  }

  #addText({ mailbox, key, type, id, definition }: Omit<LogEntry, 'body'>, body: string, check = true): void {
    if (check) checkSize(type, body)
    this.#entries.push({ mailbox, key, type, id, definition, body })
  }

  #count(saga: Saga, event: 'began' | 'completed' | 'cancelled', count: number): void {
    const name = `${saga.name} ${event}`
    const tally = this.tally.get(name) ?? { saga: saga.name, event, count: 0 }
    tally.count += count
    this.tally.set(name, tally)
  }
}
