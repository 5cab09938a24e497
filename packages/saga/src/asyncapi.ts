import { headersOf, headersSchema, sagaKey } from './asyncapi-headers.ts'
import { requested, type Saga, type StepDefinition } from './definition.ts'
import { maxMessageBytes } from './envelope.ts'
import { messageData } from './message-data.ts'
import { routesOf, type Target } from './protocol.ts'

/** A business event that belongs to no saga's protocol: who sends it, to whose mailbox, and the schema of its data. */
export interface EventDescription {
  readonly type: string
  readonly from: string
  readonly to: string
  readonly data: object
  readonly summary?: string
  /** The declaration whose sagas it is about, when it is about sagas. */
  readonly saga?: Saga
}

export interface AsyncApiOptions {
  readonly title: string
  readonly version: string
  readonly sagas: readonly Saga[]
  readonly events: readonly EventDescription[]
  /** The mailbox that nobody works on: the ends of sagas, for whoever wants to know. */
  readonly feed: string
}

/** A document of AsyncAPI 3.0, as JSON. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly defaultContentType: 'application/json'
  readonly channels: Readonly<Record<string, object>>
  readonly operations: Readonly<Record<string, object>>
  readonly components: {
    readonly messages: Readonly<Record<string, object>>
    readonly messageBindings: Readonly<Record<string, object>>
    readonly schemas: Readonly<Record<string, object>>
  }
}

/** One message on its way: its key in the document, who sends it, and whose mailbox it goes to. */
interface Way {
  readonly key: string
  readonly from: string
  readonly to: string
  readonly message: object
}

/**
 * The messages of an installation as an AsyncAPI document: a channel for each mailbox, and for each service what it sends and
 * receives. Every route of every saga appears once.
 */
export function asyncApi({ title, version, sagas, events, feed }: AsyncApiOptions): AsyncApiDocument {
  const ways = [...sagas.flatMap((saga) => waysOf(saga, feed)), ...events.map(wayOf)]
  return {
    asyncapi: '3.0.0',
    info: {
      title,
      version,
      description: `Each service has one mailbox. Messages are CloudEvents 1.0 in binary mode, at most ${maxMessageBytes} bytes, and may come more than once: their ids say so.`,
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries([...grouped(ways, ({ to }) => to)].map(([to, own]) => [to, channel(to, own, feed)])),
    operations: operationsOf(ways, feed),
    components: {
      messages: Object.fromEntries(ways.map(({ key, message }) => [key, message])),
      messageBindings: { keyed: { kafka: { key: sagaKey, bindingVersion: '0.5.0' } } },
      schemas: { headers: headersSchema },
    },
  }
}

const refTo = (...path: readonly string[]) => ({ $ref: `#/${path.join('/')}` })
/** Keys of components are letters, digits, dots, dashes and underscores. */
const keyOf = (...parts: readonly string[]) => parts.join('.').replace(':', '.')

function waysOf(saga: Saga, feed: string): Way[] {
  const data = messageData(saga)
  const key = (type: string) => keyOf(saga.name, `v${saga.version}`, type)
  const message = (type: string, summary: string) => ({
    name: type,
    summary,
    contentType: 'application/json',
    headers: headersOf(type, saga.id),
    payload: data.get(type) ?? {},
    bindings: refTo('components', 'messageBindings', 'keyed'),
    tags: [{ name: saga.name }],
  })
  const end = saga.end.message.name
  return [
    ...[...routesOf(saga)].map(([type, target]) => ({
      key: key(type),
      from: senderOf(saga, type),
      to: target.at,
      message: message(type, summaryOf(saga, target)),
    })),
    { key: key(end), from: saga.home, to: feed, message: message(end, `${saga.name} has ended`) },
  ]
}

const wayOf = ({ type, from, to, data, summary, saga }: EventDescription): Way => ({
  key: saga ? keyOf(saga.name, `v${saga.version}`, type, from) : keyOf('event', type),
  from,
  to,
  message: {
    name: type,
    ...(summary !== undefined && { summary }),
    contentType: 'application/json',
    headers: headersOf(type, saga?.id),
    payload: data,
    bindings: refTo('components', 'messageBindings', 'keyed'),
    tags: [{ name: saga?.name ?? 'event' }],
  },
})

/** The service that says it: the step's own; home for the request and the first settle; else the step before settles the next. */
function senderOf(saga: Saga, type: string): string {
  if (type === requested(saga)) return saga.home
  const says = (step: StepDefinition) => [step.done.name, step.failed?.name, step.undo?.done.name].includes(type)
  const own = saga.steps.find(says)
  if (own) return own.at
  const settled = saga.steps.findIndex((step) => type === `settle:${step.name}`)
  return saga.steps[settled - 1]?.at ?? saga.home
}

function summaryOf(saga: Saga, target: Target): string {
  if (target.kind === 'end')
    return `${saga.name} is ${target.outcome}; when home is the sender, this ends the saga without being sent`
  const undo = saga.steps.find(({ name }) => name === target.step)?.undo?.name
  const what = {
    do: `do ${target.step}`,
    undo: `undo ${target.step}: ${undo}`,
    settle: `make the outcome of ${target.step} definite`,
  }
  return `asks ${target.at} to ${what[target.phase]}`
}

function channel(mailbox: string, ways: readonly Way[], feed: string): object {
  return {
    address: mailbox,
    title: mailbox === feed ? 'The feed' : `The mailbox of ${mailbox}`,
    description:
      mailbox === feed ? 'The ends of sagas; nobody works on it.' : 'Keyed by the saga: messages of one saga keep their order.',
    messages: Object.fromEntries(ways.map(({ key }) => [key, refTo('components', 'messages', key)])),
  }
}

function operationsOf(ways: readonly Way[], feed: string): Record<string, object> {
  const operation = (action: 'send' | 'receive', service: string, mailbox: string, own: readonly Way[]) => ({
    action,
    channel: refTo('channels', mailbox),
    tags: [{ name: service }],
    messages: own.map(({ key }) => refTo('channels', mailbox, 'messages', key)),
  })
  const receives = [...grouped(ways, ({ to }) => to)].filter(([to]) => to !== feed)
  const sends = [...grouped(ways, ({ from, to }) => `${from}.sends.${to}`)]
  return Object.fromEntries([
    ...receives.map(([to, own]) => [`${to}.receives`, operation('receive', to, to, own)] as const),
    ...sends.flatMap(([name, own]) => (own[0] ? [[name, operation('send', own[0].from, own[0].to, own)] as const] : [])),
  ])
}

function grouped(ways: readonly Way[], by: (way: Way) => string): ReadonlyMap<string, readonly Way[]> {
  const groups = new Map<string, Way[]>()
  for (const way of ways) groups.set(by(way), [...(groups.get(by(way)) ?? []), way])
  return groups
}
