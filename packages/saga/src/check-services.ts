import type { Saga, StepDefinition } from './definition.ts'

/** What a service of the installation says it handles. Its name is its mailbox. */
export interface ServiceParts {
  readonly name: string
  /** By the id of each declaration it knows, as participant or home: its handlers by step, and whether each has an undo. */
  readonly handlers: ReadonlyMap<string, ReadonlyMap<string, { readonly undo: boolean }>>
  /** The types of business events that it handles. */
  readonly events: ReadonlySet<string>
}

/** A business event: what it is, who sends it, and whose mailbox it goes to. */
export interface EventRoute {
  readonly type: string
  readonly from: string
  readonly to: string
}

/**
 * What is wrong between the declarations, the services and the events of one installation, each as a sentence with the cure:
 * a message without a handler where it goes, a handler without a message, two services with one mailbox. The end's message
 * needs no handler.
 */
export function checkServices(
  sagas: readonly Saga[],
  services: readonly ServiceParts[],
  events: readonly EventRoute[] = [],
): string[] {
  const names = new Set(services.map(({ name }) => name))
  return [
    ...sharedMailboxes(services),
    ...sagas.flatMap((saga) => unknownPlaces(saga, names)),
    ...sagas.flatMap((saga) => services.flatMap((service) => checkHandlers(saga, service))),
    ...unknownSagas(sagas, services),
    ...events.flatMap((event) => checkEvent(event, services)),
    ...services.flatMap((service) => unsentEvents(service, events)),
  ]
}

function sharedMailboxes(services: readonly ServiceParts[]): string[] {
  const names = services.map(({ name }) => name)
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  return [...twice].map(
    (name) =>
      `mailbox ${name} belongs to two services, which would take messages from each other: give each service a name of its own`,
  )
}

function unknownPlaces(saga: Saga, names: ReadonlySet<string>): string[] {
  const known = `no service of this installation (${[...names].join(', ')})`
  return [
    ...(names.has(saga.home)
      ? []
      : [`saga ${saga.name} has its home at ${saga.home}, ${known}: correct home, or add the service`]),
    ...saga.steps.flatMap((step) =>
      names.has(step.at) ? [] : [`step ${step.name} of ${saga.name} is at ${step.at}, ${known}: correct at, or add the service`],
    ),
  ]
}

function checkHandlers(saga: Saga, { name, handlers }: ServiceParts): string[] {
  const known = handlers.get(saga.id)
  const own = saga.steps.filter((step) => step.at === name)
  const home =
    saga.home === name && !known
      ? [`saga ${saga.name} ends at home, but ${name} does not know it: add it to the homes of ${name}`]
      : []
  const strange = [...(known?.keys() ?? [])].filter((step) => !own.some((one) => one.name === step))
  return [
    ...home,
    ...own.flatMap((step) => checkHandler(saga, step, name, known?.get(step.name))),
    ...strange.map((step) => `${name} has a handler for ${step} of ${saga.name}, which has no such step there: remove it`),
  ]
}

function checkHandler(saga: Saga, step: StepDefinition, at: string, handler: { readonly undo: boolean } | undefined): string[] {
  const owner = `step ${step.name} of ${saga.name}`
  if (!handler) return [`${owner} has no handler at ${at}: add it to the participant`]
  if (step.undo && !handler.undo) return [`${owner} has no undo handler at ${at}: add ${step.undo.name}`]
  return []
}

function unknownSagas(sagas: readonly Saga[], services: readonly ServiceParts[]): string[] {
  const ids = new Set(sagas.map(({ id }) => id))
  return services.flatMap(({ name, handlers }) =>
    [...handlers.keys()]
      .filter((id) => !ids.has(id))
      .map((id) => `${name} handles ${id}, which is no declaration of this installation: add it to the contracts`),
  )
}

function checkEvent({ type, from, to }: EventRoute, services: readonly ServiceParts[]): string[] {
  const names = services.map(({ name }) => name)
  const unknown = [from, to]
    .filter((name) => !names.includes(name))
    .map((name) => `event ${type} names ${name}, no service of this installation (${names.join(', ')}): correct it`)
  const receivers = services.filter(({ name }) => name === to)
  return receivers.some(({ events }) => events.has(type)) || receivers.length === 0
    ? unknown
    : [...unknown, `event ${type} is sent to ${to}, which has no handler for it: add one, or send it elsewhere`]
}

const unsentEvents = ({ name, events }: ServiceParts, routes: readonly EventRoute[]): string[] =>
  [...events]
    .filter((type) => !routes.some((route) => route.type === type && route.to === name))
    .map((type) => `${name} handles event ${type}, which nobody sends there: remove the handler, or declare the event`)
