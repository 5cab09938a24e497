import type { Outcome, Saga, StepDefinition, Task } from '@comptoir/saga'
import { claimInbox, claimKey, readSteps } from '../consuming/inbox.ts'
import { Sends } from '../consuming/sends.ts'
import { crashPoint } from '../crash-points.ts'
import { GroupCommit } from '../group-commit.ts'
import { claimKeys, type KeyClaim, OpenKeys, releaseKeys, type StoredKey } from '../idempotency.ts'
import type { AnyHandler } from '../participant.ts'
import type { Service } from '../service.ts'
import type { UnitOfWork } from '../unit-of-work.ts'

/** What became of a request to begin a saga. */
export type Entrance<Result> =
  | { readonly kind: 'begun'; readonly saga: string; readonly result: Result }
  /** The first step refused it: nothing was written. */
  | { readonly kind: 'refused'; readonly reason: string; readonly detail: string | undefined }
  /** The idempotency key was used before: the same saga, and its first step's result. */
  | { readonly kind: 'replayed'; readonly saga: string; readonly result: Result }
  /** The key was used before with another request. */
  | { readonly kind: 'mismatch' }
  /** The key's first request has not been answered yet. */
  | { readonly kind: 'open' }

interface Request {
  readonly task: Task
  readonly key: KeyClaim | undefined
}

/**
 * Begins sagas whose first step runs here, in a group commit. The first step's own handler decides, so a refused request is
 * answered at once, with nothing written, while the others of its group commit.
 */
export class Entry<Input, Result> {
  readonly #service: Service
  readonly #saga: Saga
  readonly #step: StepDefinition
  readonly #handler: AnyHandler
  readonly #subject: (result: Result) => string
  readonly #openKeys = new OpenKeys()
  readonly #group: GroupCommit<Request, Entrance<unknown>>

  /** @param subject the business key that people will know the saga by, from its first step's result */
  constructor(service: Service, saga: Saga<string, Input>, subject: (result: Result) => string) {
    const step = saga.steps[0]
    if (step?.at !== service.name) throw new TypeError(`${saga.name} does not begin at ${service.name}: begin it with unit.begin`)
    if (saga.home !== service.name) throw new TypeError(`${saga.name} begins at home, which is ${saga.home}: put its entry there`)
    this.#service = service
    this.#saga = saga
    this.#step = step
    this.#subject = subject
    this.#handler = service.routing.handler(saga, step.name)
    this.#group = new GroupCommit((requests) => this.#commit(requests))
  }

  /** Begins a saga; resolves when it is committed (or refused). @throws what the handler or the database throws */
  async begin(input: Input, key?: KeyClaim): Promise<Entrance<Result>> {
    const task = { saga: this.#service.ports.ids.uuid(), data: { input } }
    const entrance = await this.#openKeys.once(key, () => this.#group.add({ task, key }))
    return (entrance ?? { kind: 'open' }) as Entrance<Result>
  }

  /** Waits until nothing is in hand. */
  idle(): Promise<void> {
    return this.#group.idle()
  }

  #commit(requests: readonly Request[]): Promise<Entrance<unknown>[]> {
    crashPoint('entry.beforeTransaction')
    return this.#service.withoutConflict(() =>
      this.#service.commit((unit) => this.#work(unit, requests), 'entry.beforeCommit', 'entry.afterCommit'),
    )
  }

  async #work(unit: UnitOfWork, group: readonly Request[]): Promise<Entrance<unknown>[]> {
    const keys = group.flatMap(({ key, task }) => (key ? [{ ...key, answer: task.saga }] : []))
    const used = keys.length > 0 ? await claimKeys(unit, this.#service.name, keys) : new Map<string, StoredKey>()
    const usedBy = ({ key }: Request) => key && used.get(`${key.scope} ${key.key}`)
    const fresh = group.filter((request) => !usedBy(request))
    const tasks = fresh.map((request) => request.task)
    const outcomes = new Map<Request, Outcome<unknown, unknown>>()
    if (tasks.length > 0) {
      await unit.lock(new Map(Object.entries(this.#handler.locks?.(tasks) ?? {}).map(([name, ids]) => [name, new Set(ids)])))
      const answers = await this.#handler.do(unit, tasks)
      for (const [index, request] of fresh.entries()) {
        const outcome = answers[index]
        if (!outcome) throw new TypeError(`step ${this.#step.name} answered ${answers.length} outcomes for ${tasks.length} tasks`)
        outcomes.set(request, outcome)
      }
    }
    crashPoint('entry.afterHandler')
    await this.#record(unit, outcomes)
    const results = await this.#storedResults(unit, [...used.values()])
    return group.map((request) => {
      const outcome = outcomes.get(request)
      if (outcome?.kind === 'done')
        return { kind: 'begun', saga: request.task.saga, result: (outcome as { result: unknown }).result }
      if (outcome) {
        const { reason, detail } = outcome as { reason: unknown; detail?: string }
        return { kind: 'refused', reason: String(reason), detail }
      }
      const stored = usedBy(request)
      if (!stored || stored.fingerprint !== request.key?.fingerprint) return { kind: 'mismatch' }
      return { kind: 'replayed', saga: stored.answer, result: results.get(stored.answer) }
    })
  }

  /** Inbox rows, saga rows and messages of those that were not refused; a refused request leaves no key. */
  async #record(unit: UnitOfWork, outcomes: ReadonlyMap<Request, Outcome<unknown, unknown>>): Promise<void> {
    const { name } = this.#service
    const begun = [...outcomes].filter(([, outcome]) => outcome.kind === 'done')
    const refused = [...outcomes].flatMap(([request, outcome]) => (outcome.kind === 'failed' && request.key ? [request.key] : []))
    if (refused.length > 0) await releaseKeys(unit, name, refused)
    if (begun.length === 0) return
    unit.opened(
      this.#saga,
      begun.map(([{ task }, outcome]) => ({ id: task.saga, subject: this.#subject((outcome as { result: Result }).result) })),
    )
    const sends = new Sends(unit, new Map())
    const claims = begun.map(([{ task }, outcome]) => {
      const text = JSON.stringify(task.data)
      const verdict = sends.settled(this.#saga, this.#step, task, outcome, text)
      return {
        id: task.saga,
        step: this.#step.name,
        phase: 'do',
        outcome: 'done',
        data: text,
        result: verdict?.result ?? null,
      } as const
    })
    // The saga ids are new, so every claim is fresh: nothing waits for the answer.
    unit.unanswered(claimInbox(unit, name, claims))
  }

  async #storedResults(unit: UnitOfWork, used: readonly StoredKey[]): Promise<ReadonlyMap<string, unknown>> {
    if (used.length === 0) return new Map()
    const step = this.#step.name
    const rows = await readSteps(
      unit,
      this.#service.name,
      used.map(({ answer }) => ({ id: answer, step })),
    )
    return new Map(
      used.map(({ answer }) => [answer, JSON.parse(rows.get(claimKey({ id: answer, step, phase: 'do' }))?.result ?? 'null')]),
    )
  }
}
