import { systemIds } from '@comptoir/runtime'
import type { KafkaPlace, Place } from '../place.ts'
import { randomOrder, type SagaListener, type SagaSystem } from '../saga-system.ts'
import type { Trace } from '../trace.ts'
import { Entry } from './entry.ts'
import { LogConsumer } from './log-consumer.ts'
import type { Mailbox, Outgoing } from './messages.ts'
import { Relay, relayOf } from './relay.ts'
import { createSchema, readPrices } from './schema.ts'
import { ServerSession, type Session, TurnTaking } from './session.ts'
import { TopicConsumer } from './topic-consumer.ts'
import { createTopics } from './topics.ts'
import { Wakes } from './wakes.ts'

/** Something that runs until it is stopped. */
interface Work {
  run(): Promise<void>
  stop(): void
}

/** What the works of one run share. */
interface Ground {
  /** A session of its own on a server; embedded there is one, and all take turns with it. */
  readonly session: () => Promise<Session>
  readonly wakes: Wakes
  readonly committed: (outgoing: readonly Outgoing[]) => void
  readonly trace: Trace | undefined
}

/**
 * The limit that Comptoir is held against: the same saga in the same design (log read below the horizon, or relayed to
 * Kafka; inbox, set-based steps, group commit), written by hand, with nothing that a product needs besides: no
 * compensation, no failures, no read model, no ledger, no checks of users.
 */
export async function openHandWritten(place: Place, listener: SagaListener, trace?: Trace): Promise<SagaSystem> {
  const sessions: Session[] = []
  const session = await sessionsAt(place, sessions)
  const entries = place.mode === 'embedded' ? [await session()] : [await session(), await session()]
  const [database] = entries as [Session]
  await createSchema(database)
  const committed = (outgoing: readonly Outgoing[]) => {
    trace?.stamp('stored', outgoing)
    const ends = outgoing.filter(({ mailbox }) => mailbox === 'end').length
    if (ends > 0) listener.ended(ends)
  }
  const ground: Ground = { session, wakes: new Wakes(), committed, trace }
  const works = await (place.kafka ? withTopics(place.kafka, ground) : withLogs(ground))
  const runs = works.map((work) => work.run().catch((error: unknown) => listener.failed(error)))
  const first = place.kafka ? relayOf('s') : 's'
  const entry = new Entry(entries, await readPrices(database), (outgoing) => {
    committed(outgoing)
    ground.wakes.wake(first)
  })
  const ids = systemIds()
  return {
    place(accepted) {
      const saga = ids.uuid()
      entry.begin({ saga, ...randomOrder() }).catch((error: unknown) => listener.failed(error))
      // Nobody looks at it before it has ended.
      accepted?.(saga)
    },
    async stop() {
      for (const work of works) work.stop()
      await Promise.all(runs)
      await Promise.all(sessions.map((one) => one.close()))
    },
  }
}

/** Opens sessions, and notes them in `opened`. */
async function sessionsAt({ mode, at }: Place, opened: Session[]): Promise<() => Promise<Session>> {
  if (mode === 'embedded') {
    const only = await TurnTaking.open(at)
    opened.push(only)
    return async () => only
  }
  return async () => {
    const session = await ServerSession.open(at)
    opened.push(session)
    return session
  }
}

/** Whose messages each mailbox gets. */
const sources: Readonly<Record<Mailbox, readonly Mailbox[]>> = { s: ['s', 'p'], p: ['s'] }
const mailboxes = Object.keys(sources) as Mailbox[]

const withLogs = ({ session, ...shared }: Ground): Promise<Work[]> =>
  Promise.all(
    mailboxes.map(async (schema) => new LogConsumer({ database: await session(), schema, sources: sources[schema], ...shared })),
  )

async function withTopics(topics: KafkaPlace, { session, ...shared }: Ground): Promise<Work[]> {
  await createTopics(topics)
  const works = mailboxes.map(async (schema) => [
    new TopicConsumer({ database: await session(), schema, topics, ...shared }),
    new Relay({
      database: await session(),
      schema,
      mailboxes: mailboxes.filter((mailbox) => sources[mailbox].includes(schema)),
      topics,
      ...shared,
    }),
  ])
  return (await Promise.all(works)).flat()
}
