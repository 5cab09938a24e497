import { drivenMessages, driver } from './asyncapi-commands.ts'
import { headersOf, headersSchema, sagaKey } from './asyncapi-headers.ts'
import { requested, type Saga, type StepDefinition } from './definition.ts'
import { maxMessageBytes } from './envelope.ts'
import { messageData } from './message-data.ts'
import { type Phase, routesOf, type Target } from './protocol.ts'

/** A business event that belongs to no saga's protocol: who sends it, to whose mailbox, and the schema of its data. */
export interface EventDescription {
  readonly type: string
  readonly from: string
  readonly to: string
  readonly data: object
  readonly summary?: string
  /** The mailbox, when it is another than the one that bears the name of the service. */
  readonly mailbox?: string
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

/** One message on its way: its key in the document, who sends it, and to which mailbox of whom. */
interface Way {
  readonly key: string
  readonly from: string
  readonly to: string
  readonly mailbox: string
  readonly message: object
}

/** The mailbox of a service for messages of that phase: what settles and undoes is read before all else. */
const mailboxFor = (service: string, phase: Phase): string => (phase === 'do' ? service : `${service}.control`)

/**
 * The messages of an installation as an AsyncAPI document: a channel for each mailbox, and for each service what it sends and
 * receives. Every route of every saga appears once, and every command and answer of a saga that an orchestrator drives.
 */
export function asyncApi({ title, version, sagas, events, feed }: AsyncApiOptions): AsyncApiDocument {
  const ways = [...sagas.flatMap((saga) => waysOf(saga, feed)), ...events.map(wayOf)]
  return {
    asyncapi: '3.0.0',
    info: {
      title,
      version,
      description: `Each service has a mailbox, and one for what settles and undoes its steps, which is read first. Messages are CloudEvents 1.0 in binary mode, at most ${maxMessageBytes} bytes, and may come more than once: their ids say so.`,
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(
      [...grouped(ways, ({ mailbox }) => mailbox)].map(([mailbox, own]) => [mailbox, channel(mailbox, own, feed)]),
    ),
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
const keyOf = (...parts: readonly string[]) => parts.join('.').replaceAll(':', '.')

function waysOf(saga: Saga, feed: string): Way[] {
  const data = messageData(saga)
  const key = (type: string) => keyOf(saga.name, `v${saga.version}`, type)
  const message = (type: string, summary: string, payload: object = data.get(type) ?? {}) => ({
    name: type,
    summary,
    contentType: 'application/json',
    headers: headersOf(type, saga.id),
    payload,
    bindings: refTo('components', 'messageBindings', 'keyed'),
    tags: [{ name: saga.name }],
  })
  const end = saga.end.message.name
  return [
    ...[...routesOf(saga)].map(([type, target]) => ({
      key: key(type),
      from: senderOf(saga, type),
      to: target.at,
      mailbox: target.kind === 'step' ? mailboxFor(target.at, target.phase) : target.at,
      message: message(type, summaryOf(saga, target)),
    })),
    // Its home tells the end, or who has driven it.
    ...[saga.home, driver].map((from) => ({
      key: key(end),
      from,
      to: feed,
      mailbox: feed,
      message: message(end, `${saga.name} has ended`),
    })),
    ...drivenMessages(saga).map(({ type, from, to, phase, data, summary }) => ({
      key: key(type),
      from,
      to,
      mailbox: mailboxFor(to, phase),
      message: message(type, summary, data),
    })),
  ]
}

const wayOf = ({ type, from, to, mailbox = to, data, summary, saga }: EventDescription): Way => ({
  key: saga ? keyOf(saga.name, `v${saga.version}`, type, from) : keyOf('event', type),
  from,
  to,
  mailbox,
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
  const [{ to = mailbox } = {}] = ways
  return {
    address: mailbox,
    title: mailbox === feed ? 'The feed' : `The ${mailbox === to ? '' : 'control '}mailbox of ${to}`,
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
  const received = grouped(
    ways.filter(({ to }) => to !== feed),
    ({ to, mailbox }) => `${to}.receives${mailbox.slice(to.length)}`,
  )
  const sent = grouped(ways, ({ from, mailbox }) => `${from}.sends.${mailbox}`)
  return Object.fromEntries([
    ...[...received].flatMap(([name, own]) =>
      own.slice(0, 1).map((one) => [name, operation('receive', one.to, one.mailbox, own)]),
    ),
    ...[...sent].flatMap(([name, own]) => own.slice(0, 1).map((one) => [name, operation('send', one.from, one.mailbox, own)])),
  ])
}

function grouped(ways: readonly Way[], by: (way: Way) => string): ReadonlyMap<string, readonly Way[]> {
  const groups = new Map<string, Way[]>()
  for (const way of ways) groups.set(by(way), [...(groups.get(by(way)) ?? []), way])
  return groups
}
