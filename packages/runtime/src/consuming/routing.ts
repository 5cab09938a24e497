import {
  answerType,
  type Command,
  commandsOf,
  commandType,
  routesOf,
  type Saga,
  type StepDefinition,
  sendersOf,
  stepOf,
  type Target,
} from '@comptoir/saga'
import { type PauseData, pausedType, placesOf, resumedType } from '../home/pause-messages.ts'
import type { LoggedMessage } from '../log/log.ts'
import type { AnyHandler, EventHandler, Home, Participant } from '../participant.ts'
import { attentionType, driverMailbox } from '../unit-of-work.ts'
import type { Asked } from './sends.ts'

/** What a message is to the service that received it. */
export type Item = { readonly message: LoggedMessage } & (
  | {
      readonly kind: 'step'
      readonly saga: Saga
      readonly step: StepDefinition
      readonly phase: 'do' | 'settle' | 'undo'
      readonly handler: AnyHandler
      /** The command that it is, when a driver sends it; absent in a choreography. */
      readonly asked?: Asked
    }
  | { readonly kind: 'answer'; readonly saga: Saga }
  | { readonly kind: 'end'; readonly saga: Saga; readonly outcome: 'completed' | 'cancelled' }
  | { readonly kind: 'attention'; readonly saga: Saga }
  /** Its saga is paused, or resumed, by the act of that number. */
  | { readonly kind: 'pause'; readonly paused: boolean; readonly act: number }
  | { readonly kind: 'event'; readonly handler: EventHandler }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ignored' }
)

export type StepItem = Extract<Item, { kind: 'step' }>

interface KnownSaga {
  readonly saga: Saga
  readonly routes: ReadonlyMap<string, Target>
  readonly handlers: ReadonlyMap<string, AnyHandler>
  /** The commands of its steps at this service, by their messages. */
  readonly commands: ReadonlyMap<string, Command>
  /** The services that may send each of its messages. */
  readonly senders: ReadonlyMap<string, ReadonlySet<string>>
}

/** Says what each received message is. Built once per service, from the declarations and handlers it knows. */
export class Routing {
  readonly #sagas = new Map<string, KnownSaga>()
  readonly #events = new Map<string, EventHandler>()
  /** The messages that answer the commands of the sagas that are driven here, by declaration. */
  readonly #driven: ReadonlyMap<string, ReadonlySet<string>>
  readonly #service: string

  /**
   * @param driven the sagas that this service drives, when they are orchestrated
   * @throws TypeError when a handler is missing, or when a participant belongs to another service
   */
  constructor(
    service: string,
    participants: readonly Participant[],
    homes: readonly Home[],
    events: readonly EventHandler<never>[],
    driven: readonly Saga[] = [],
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
      this.#sagas.set(saga.id, this.#known(saga, handlers))
    }
    for (const saga of [...homes.map((home) => home.saga), ...driven])
      if (!this.#sagas.has(saga.id)) this.#sagas.set(saga.id, this.#known(saga, new Map()))
    this.#driven = new Map(driven.map((saga) => [saga.id, new Set(commandsOf(saga).map(answerType))]))
    // What arrives was written by the sender of that type: the handler's own type says what it holds.
    for (const handler of events) this.#events.set(handler.type, handler as EventHandler)
  }

  #known(saga: Saga, handlers: ReadonlyMap<string, AnyHandler>): KnownSaga {
    const own = commandsOf(saga).filter(({ step }) => stepOf(saga, step).at === this.#service)
    const commands = new Map(own.map((command) => [commandType(command), command]))
    return { saga, handlers, routes: routesOf(saga), commands, senders: allSendersOf(saga) }
  }

  /** The declarations this code knows: messages of others are held. */
  get definitions(): string[] {
    return [...this.#sagas.keys()]
  }

  /** The same, as they are declared. */
  get sagas(): Saga[] {
    return [...this.#sagas.values()].map(({ saga }) => saga)
  }

  /** The handler of a step at this service. @throws TypeError when there is none */
  handler(saga: Saga, step: string): AnyHandler {
    const handler = this.#sagas.get(saga.id)?.handlers.get(step)
    if (!handler) throw new TypeError(`step ${step} of ${saga.name} has no handler at ${this.#service}`)
    return handler
  }

  /** The handler of a business event; undefined when such events are passed over here. */
  eventHandler(type: string): EventHandler | undefined {
    return this.#events.get(type)
  }

  item(message: LoggedMessage): Item {
    if (message.refused !== undefined) return { kind: 'refused', message, error: message.refused }
    if (message.definition === null) {
      const handler = this.#events.get(message.type)
      if (!handler) return { kind: 'ignored', message }
      return handler.from.includes(message.source) ? { kind: 'event', message, handler } : forged(message, handler.from)
    }
    const known = this.#sagas.get(message.definition)
    if (!known) return { kind: 'unknown', message }
    const senders = known.senders.get(message.type)
    if (senders?.has(message.source) === false) return forged(message, senders)
    if (message.type === pausedType || message.type === resumedType)
      return { kind: 'pause', message, paused: message.type === pausedType, act: actOf(message) }
    if (message.type === attentionType) return { kind: 'attention', message, saga: known.saga }
    if (this.#driven.get(message.definition)?.has(message.type)) return { kind: 'answer', message, saga: known.saga }
    const command = known.commands.get(message.type)
    if (command) return stepItem(known, message, command, { command })
    const target = known.routes.get(message.type)
    if (target === undefined || target.at !== this.#service) return { kind: 'ignored', message }
    if (target.kind === 'end') return { kind: 'end', message, saga: known.saga, outcome: target.outcome }
    return stepItem(known, message, target)
  }
}

const actOf = ({ body }: LoggedMessage): number => (JSON.parse(body) as PauseData).act

/** Who sends what: in a choreography, when it is driven, and what the engine itself says of a saga. */
function allSendersOf(saga: Saga): ReadonlyMap<string, ReadonlySet<string>> {
  const senders = new Map([...sendersOf(saga)].map(([type, from]) => [type, new Set([from])]))
  for (const command of commandsOf(saga)) {
    senders.set(commandType(command), new Set([driverMailbox]))
    senders.set(answerType(command), new Set([stepOf(saga, command.step).at]))
  }
  senders.set(attentionType, new Set([...placesOf(saga), driverMailbox]))
  for (const type of [pausedType, resumedType]) senders.set(type, new Set([saga.home]))
  return senders
}

/** A message of ours that says it comes from a service that never sends it. */
function forged(message: LoggedMessage, senders: Iterable<string>): Item {
  const error = `forged: ${message.type} is sent by ${[...senders].join(' or ')}, and this one says that it comes from ${message.source}: find out who wrote it, and let nobody but the services write to their topics`
  return { kind: 'refused', message, error }
}

/** @param asked the command that it is */
function stepItem({ saga, handlers }: KnownSaga, message: LoggedMessage, { step, phase }: Command, asked?: Asked): Item {
  const handler = handlers.get(step)
  if (!handler) return { kind: 'unknown', message }
  return { kind: 'step', message, saga, step: stepOf(saga, step), phase, handler, ...(asked && { asked }) }
}
