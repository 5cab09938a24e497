import { randomUUID } from 'node:crypto'
import type { Service, Unit } from '@comptoir/runtime'
import {
  type Cause,
  type Change,
  firstSending,
  type Outcome,
  type Saga,
  type StepDefinition,
  sendingAfter,
  stepOf,
} from '@comptoir/saga'
import { add, emptyTrace, recorded, type Trace } from './trace.ts'

type Data = Record<string, unknown>

/** What is true of one saga of an example, beyond its input. */
export interface Circumstances {
  /** The business key that its home knows it by. */
  readonly subject?: string
  /** What happens right before a step, by the step's name. */
  readonly before?: Readonly<Record<string, (data: Data) => Promise<unknown>>>
}

type Keys = Readonly<Record<string, readonly (number | string)[]>>

/** Where an event is heard: its type, and the service. */
type Heard = { readonly type: string; readonly to: string }

/**
 * Runs sagas of an installation one after the other, each step by its own handler in a transaction of its service, and keeps
 * what each handler did. What follows a step is what the choreography sends.
 */
export class Exercise {
  readonly #services: ReadonlyMap<string, Service>
  readonly #traces = new Map<string, Trace>()
  readonly #reasons = new Map<string, Set<string>>()

  constructor(services: readonly Service[]) {
    this.#services = new Map(services.map((service) => [service.name, service]))
  }

  /** What the handler did in all runs together; undefined when none ran it. */
  trace(saga: Saga, work: string): Trace | undefined {
    return this.#traces.get(`${saga.id} ${work}`)
  }

  eventTrace({ type, to }: Heard): Trace | undefined {
    return this.#traces.get(`event ${type} ${to}`)
  }

  /** The reasons that a step has failed for. */
  reasons(saga: Saga, step: StepDefinition): ReadonlySet<string> {
    return this.#reasons.get(`${saga.id} ${step.name}`) ?? new Set()
  }

  /** Runs one saga to its end, and returns what is known by then. @throws what a handler throws */
  async run(saga: Saga, input: unknown, { subject = '0', before = {} }: Circumstances = {}): Promise<Data> {
    const id = randomUUID()
    const data: Data = { input }
    const given = new Map<string, Data>()
    let cause: Cause | undefined
    let sending = firstSending(saga)
    while (sending.target.kind === 'step') {
      const step = stepOf(saga, sending.target.step)
      let change: Change
      if (sending.target.phase === 'undo') {
        const undo = {
          saga: id,
          data: given.get(step.name),
          result: data[step.name],
          cause: cause ?? { step: step.name, reason: '' },
        }
        await this.#undo(saga, step, undo)
        change = 'undone'
      } else {
        await before[step.name]?.(data)
        given.set(step.name, { ...data })
        const outcome = await this.#do(saga, step, { saga: id, data: { ...data } })
        change = outcome.kind
        if (outcome.kind === 'done') data[step.name] = (outcome as { result: unknown }).result
        else cause = { step: step.name, reason: this.#failed(saga, step, (outcome as { reason: unknown }).reason) }
      }
      const next = sendingAfter(saga, step, change)
      if (!next) throw new RangeError(`nothing follows ${change} of ${step.name}`)
      sending = next
    }
    await this.#end(saga, { saga: id, subject, outcome: sending.target.outcome, cause })
    return data
  }

  /** Lets the service that an event goes to handle one. */
  async hear({ type, to }: Heard, data: unknown): Promise<void> {
    const service = this.#service(to)
    const handler = service.routing.eventHandler(type)
    if (!handler) return
    const events = [{ id: randomUUID(), key: randomUUID(), data }]
    await this.#work(service, `event ${type} ${to}`, handler.locks?.(events), (unit) => handler.handle(unit, events))
  }

  async #do(saga: Saga, step: StepDefinition, task: { saga: string; data: Data }): Promise<Outcome<unknown, unknown>> {
    const service = this.#service(step.at)
    const handler = service.routing.handler(saga, step.name)
    const work = (unit: Unit) => handler.do(unit, [task])
    const [outcome] = await this.#work(service, `${saga.id} ${step.name}`, handler.locks?.([task]), work)
    if (!outcome) throw new TypeError(`step ${step.name} answered nothing for its task`)
    return outcome
  }

  async #undo(
    saga: Saga,
    step: StepDefinition,
    undo: { saga: string; data: unknown; result: unknown; cause: Cause },
  ): Promise<void> {
    const service = this.#service(step.at)
    const handler = service.routing.handler(saga, step.name)
    await this.#work(service, `${saga.id} ${step.undo?.name}`, handler.locks?.([undo]), async (unit) =>
      handler.undo?.(unit, [undo]),
    )
  }

  async #end(
    saga: Saga,
    ending: { saga: string; subject: string; outcome: 'completed' | 'cancelled'; cause: Cause | undefined },
  ): Promise<void> {
    const service = this.#service(saga.home)
    const home = service.homes.get(saga.id)
    if (home?.ended) await this.#work(service, `${saga.id} ended`, {}, async (unit) => home.ended?.(unit, [ending]))
    const sagas = [{ saga: ending.saga, subject: ending.subject, needed: true }]
    if (home?.attention) await this.#work(service, `${saga.id} attention`, {}, async (unit) => home.attention?.(unit, sagas))
  }

  #failed(saga: Saga, step: StepDefinition, reason: unknown): string {
    const known = this.#reasons.get(`${saga.id} ${step.name}`) ?? new Set()
    this.#reasons.set(`${saga.id} ${step.name}`, known.add(String(reason)))
    return String(reason)
  }

  #service(name: string): Service {
    const service = this.#services.get(name)
    if (!service) throw new RangeError(`${name} is no service of this installation`)
    return service
  }

  async #work<T>(service: Service, name: string, locks: Keys | undefined, work: (unit: Unit) => Promise<T>): Promise<T> {
    const attempt = emptyTrace()
    const answer = await service.commit(
      async (unit) => {
        for (const lockable of Object.keys(locks ?? {})) attempt.locks.add(service.lockables[lockable]?.table ?? lockable)
        await unit.lock(new Map(Object.entries(locks ?? {}).map(([lockable, keys]) => [lockable, new Set(keys)])))
        return work(recorded(unit, attempt))
      },
      'work.beforeCommit',
      'work.afterCommit',
    )
    const trace = this.#traces.get(name) ?? emptyTrace()
    this.#traces.set(name, trace)
    add(trace, attempt)
    return answer
  }
}
