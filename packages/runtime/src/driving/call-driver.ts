import { setMaxListeners } from 'node:events'
import { type Answer, type Driving, stepOf } from '@comptoir/saga'
import { backoff } from '../consuming/failures.ts'
import { GroupCommit } from '../group-commit.ts'
import type { Queryable } from '../ports/database.ts'
import type { Service } from '../service.ts'
import { Trouble } from '../trouble.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { bodyOf, callLeaseMs, type Drive, lockDrives, takeAnswers, timeOut } from './driving.ts'
import { callsSignal } from './driving-acts.ts'
import { type FailedCall, noteFailures } from './failed-calls.ts'
import type { StepCall } from './step-calls.ts'

/**
 * Makes one call to a participant; it must be safe to make it again.
 *
 * @param at the participant
 * @throws StepCallError when the participant was reached and answered with an error; anything else when there is no answer. The
 * outcome is unknown either way
 */
export type CallStep = (at: string, call: StepCall, abort: AbortSignal) => Promise<Answer>

/** The participant was reached, and could not do the step: asked again and again, a step that must succeed needs a person. */
export class StepCallError extends Error {
  override readonly name = 'StepCallError'
}

/** A participant that says nothing for so long is called again. In milliseconds. */
const callMs = 3_000
/** A command without an answer for so long is overdue, when its step declares no time-out. In milliseconds. */
const usualTimeoutMs = 60_000
/** How often sagas whose driver has died are looked for, and it is said that ours are driven. In milliseconds. */
const watchMs = 1_000
/** Sagas that one instance takes over at once, at most. */
const adoptLimit = 100

interface Decision {
  readonly id: string
  /** What a step has answered, or how its call has failed; neither: its command is overdue. */
  readonly answer?: Answer
  readonly failure?: FailedCall
}

/**
 * Drives sagas by calls, one at a time for each saga. A decision is committed before its call is made, and the decisions of
 * many sagas together; a call whose answer is lost is made again, and when it is overdue its outcome is made definite. What an
 * instance that died was driving another one goes on with; should both, the saga's row decides. A saga that is paused, or needs a
 * person, is let go until its row is due again.
 */
export class CallDriver {
  readonly #service: Service
  readonly #call: CallStep
  readonly #decisions: GroupCommit<Decision, Drive | undefined>
  readonly #driven = new Map<string, Promise<void>>()
  readonly #trouble: Trouble
  readonly #stop = new AbortController()
  #watching: Promise<void> | undefined

  constructor(service: Service, call: CallStep) {
    // Every saga that is driven here listens to it.
    setMaxListeners(0, this.#stop.signal)
    this.#service = service
    this.#call = call
    this.#decisions = new GroupCommit((decisions) => this.#commit(decisions))
    this.#trouble = new Trouble(service.name, `${service.name}.calls`, service.ports)
  }

  /** Why sagas are not taken over just now; null when all is well. */
  get trouble(): string | null {
    return this.#trouble.text
  }

  start(): void {
    this.#watching = this.#watch()
  }

  /** Makes no further call; what is under way another instance goes on with, or this one when it starts again. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all([this.#watching, ...this.#driven.values()])
    await this.#decisions.idle()
  }

  /** Drives a saga to its end; resolves then, or when this driver stops, or somebody else goes on with it. */
  drive(drive: Drive): Promise<void> {
    const driven = this.#driven.get(drive.id) ?? this.#run(drive).finally(() => this.#driven.delete(drive.id))
    this.#driven.set(drive.id, driven)
    return driven
  }

  async #run(begun: Drive): Promise<void> {
    const { ports } = this.#service
    const { signal } = this.#stop
    let drive: Drive | undefined = begun
    let failures = 0
    let asked = ports.clock.now()
    while (drive && !drive.idle && 'command' in drive.driving && !signal.aborted) {
      const current: Drive = drive
      const { driving } = drive
      try {
        drive = await this.#decisions.add({ id: current.id, answer: await this.#answerOf(current, driving) })
        failures = 0
        asked = ports.clock.now()
      } catch (error) {
        failures += 1
        await ports.signals.wait(`${current.id}.never`, 0, Math.min(callMs, backoff(failures, ports.random.next())), signal)
        if (signal.aborted) return
        const overdue = ports.clock.now() - asked >= overdueMs(current)
        const failure = { command: driving.command, error: error instanceof StepCallError ? error.message : null }
        drive = await this.#decisions.add({ id: current.id, ...(!overdue && { failure }) }).catch(() => current)
        if (overdue) asked = ports.clock.now()
      }
    }
  }

  async #answerOf({ id, saga, known }: Drive, driving: Extract<Driving, { command: object }>): Promise<Answer> {
    const { command } = driving
    const call = { saga: id, definition: saga.id, command, body: bodyOf(driving, known) }
    // A timer, and no AbortSignal.timeout: Node 20 may collect one that only AbortSignal.any knows, and the call would hang.
    const over = new AbortController()
    const abort = () => over.abort()
    const timer = setTimeout(abort, callMs)
    this.#stop.signal.addEventListener('abort', abort)
    try {
      return await this.#call(stepOf(saga, command.step).at, call, over.signal)
    } finally {
      clearTimeout(timer)
      this.#stop.signal.removeEventListener('abort', abort)
    }
  }

  async #commit(decisions: readonly Decision[]): Promise<(Drive | undefined)[]> {
    const { name, drives } = this.#service
    const answers = new Map(decisions.flatMap(({ id, answer }) => (answer ? [[id, answer] as const] : [])))
    const failures = new Map(decisions.flatMap(({ id, failure }) => (failure ? [[id, failure] as const] : [])))
    const overdue = decisions.flatMap(({ id, answer, failure }) => (answer || failure ? [] : [id]))
    return this.#service.withoutConflict(() =>
      this.#service.commit(
        async (unit) => {
          const answered = answers.size > 0 ? await takeAnswers(unit, name, drives, answers) : new Map<string, Drive>()
          const failed = failures.size > 0 ? await noteFailures(unit, name, drives, failures) : new Map<string, Drive>()
          const fired = overdue.length > 0 ? await this.#fire(unit, overdue) : new Map<string, Drive>()
          return decisions.map(({ id }) => answered.get(id) ?? failed.get(id) ?? fired.get(id))
        },
        'work.beforeCommit',
        'work.afterCommit',
      ),
    )
  }

  async #fire(unit: UnitOfWork, ids: readonly string[]): Promise<ReadonlyMap<string, Drive>> {
    const { name, drives } = this.#service
    const overdue = await lockDrives(unit, name, drives, 'saga = any($1::uuid[])', [ids])
    const idle = overdue.filter((drive) => drive.idle)
    const moved = await timeOut(
      unit,
      name,
      drives,
      overdue.filter((drive) => !drive.idle),
    )
    return new Map([...idle.map((drive) => [drive.id, drive] as const), ...moved])
  }

  /** Says which sagas are driven here, and takes over those whose driver has died. */
  async #watch(): Promise<void> {
    const { name, ports } = this.#service
    const { signals } = ports
    const { signal } = this.#stop
    while (!signal.aborted) {
      const seen = signals.seen(callsSignal(name))
      try {
        await this.#renew()
        for (const drive of await this.#adopt()) void this.drive(drive)
        this.#trouble.over()
        await signals.wait(callsSignal(name), seen, watchMs, signal)
      } catch (error) {
        await this.#trouble.pause(error, signal)
      }
    }
  }

  async #renew(): Promise<void> {
    if (this.#driven.size > 0) await this.#keep(this.#service.ports.database, [...this.#driven.keys()])
  }

  /** Says that these sagas are driven here. One that is being decided just now says so by that; nobody is waited for. */
  async #keep(db: Queryable, ids: readonly string[]): Promise<void> {
    const { name } = this.#service
    await db.query(
      `update ${name}.driving as d set due = comptoir.now() + make_interval(secs => $2::float8 / 1000)
       from (select saga from ${name}.driving where saga = any($1::uuid[]) and due is not null order by saga for update skip locked) as mine
       where d.saga = mine.saga`,
      [ids, callLeaseMs],
    )
  }

  async #adopt(): Promise<readonly Drive[]> {
    const { name, drives, ports } = this.#service
    return ports.database.transaction(async (tx) => {
      const found = await lockDrives(
        tx,
        name,
        drives,
        `saga in (select saga from ${name}.driving where style = 'http' and due <= comptoir.now() order by due limit $1::int for update skip locked)`,
        [adoptLimit],
      )
      await this.#keep(
        tx,
        found.map(({ id }) => id),
      )
      return found
    })
  }
}

const overdueMs = ({ saga, driving }: Drive): number =>
  ('command' in driving ? stepOf(saga, driving.command.step).timeout : undefined) ?? usualTimeoutMs
