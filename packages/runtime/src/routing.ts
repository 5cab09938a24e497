import { routesOf, type Saga, type StepDefinition, stepOf, type Target } from '@comptoir/saga'
import type { LoggedMessage } from './log.ts'
import type { AnyHandler, EventHandler, Home, Participant } from './participant.ts'

/** What a message is to the service that received it. */
export type Item = { readonly message: LoggedMessage } & (
  | {
      readonly kind: 'step'
      readonly saga: Saga
      readonly step: StepDefinition
      readonly phase: 'do' | 'settle' | 'undo'
      readonly handler: AnyHandler
    }
  | { readonly kind: 'end'; readonly saga: Saga; readonly outcome: 'completed' | 'cancelled' }
  | { readonly kind: 'attention'; readonly saga: Saga }
  | { readonly kind: 'event'; readonly handler: EventHandler }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ignored' }
)

/** Told home when an undo or a retriable step has exhausted its attempts, and again (needed: false) when it went on. */
export const attentionType = 'SagaNeedsAttention'

interface KnownSaga {
  readonly saga: Saga
  readonly routes: ReadonlyMap<string, Target>
  readonly handlers: ReadonlyMap<string, AnyHandler>
}

/** Says what each received message is. Built once per service, from the declarations and handlers it knows. */
export class Routing {
  readonly #sagas = new Map<string, KnownSaga>()
  readonly #events = new Map<string, EventHandler>()
  readonly #service: string

  /** @throws TypeError when a handler is missing, or when a participant belongs to another service */
  constructor(
    service: string,
    participants: readonly Participant[],
    homes: readonly Home[],
    events: readonly EventHandler<never>[],
  ) {
    this.#service = service
    for (const { saga, at, handlers } of participants) {
      if (at !== service)
        throw new TypeError(`the participant of ${saga.name} at ${at} was given to service ${service}: give it to ${at}`)
      const steps = saga.steps.filter((step) => step.at === service)
      for (const step of steps) {
        const handler = handlers.get(step.name)
        if (!handler)
          throw new TypeError(`step ${step.name} of ${saga.name} has no handler at ${service}: add it to the participant`)
        if (step.kind === 'compensatable' && !handler.undo)
          throw new TypeError(`step ${step.name} of ${saga.name} has no undo handler at ${service}: add ${step.undo?.name}`)
      }
      this.#sagas.set(saga.id, { saga, handlers, routes: routesOf(saga) })
    }
    for (const { saga } of homes)
      if (!this.#sagas.has(saga.id)) this.#sagas.set(saga.id, { saga, handlers: new Map(), routes: routesOf(saga) })
    // What arrives was written by the sender of that type: the handler's own type says what it holds.
    for (const handler of events) this.#events.set(handler.type, handler as EventHandler)
  }

  /** The declarations this code knows: messages of others are held. */
  get definitions(): string[] {
    return [...this.#sagas.keys()]
  }

  /** The handler of a step at this service. @throws TypeError when there is none */
  handler(saga: Saga, step: string): AnyHandler {
    const handler = this.#sagas.get(saga.id)?.handlers.get(step)
    if (!handler) throw new TypeError(`step ${step} of ${saga.name} has no handler at ${this.#service}`)
    return handler
  }

  item(message: LoggedMessage): Item {
    if (message.refused !== undefined) return { kind: 'refused', message, error: message.refused }
    if (message.definition === null) {
      const handler = this.#events.get(message.type)
      return handler ? { kind: 'event', message, handler } : { kind: 'ignored', message }
    }
    const known = this.#sagas.get(message.definition)
    if (!known) return { kind: 'unknown', message }
    if (message.type === attentionType) return { kind: 'attention', message, saga: known.saga }
    const target = known.routes.get(message.type)
    if (target === undefined || target.at !== this.#service) return { kind: 'ignored', message }
    if (target.kind === 'end') return { kind: 'end', message, saga: known.saga, outcome: target.outcome }
    const handler = known.handlers.get(target.step)
    if (!handler) return { kind: 'unknown', message }
    return { kind: 'step', message, saga: known.saga, step: stepOf(known.saga, target.step), phase: target.phase, handler }
  }
}
