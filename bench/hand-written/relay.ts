import { ProduceAcks, Producer } from '../../packages/kafka/src/client.ts'
import type { Trace } from '../trace.ts'
import { type Mailbox, readOutbox, type Spot, start } from './messages.ts'
import type { Session } from './session.ts'
import { clientSettings, nameHeader, type Topics, topicOf } from './topics.ts'
import type { Wakes } from './wakes.ts'

/** Messages of one request, at most. */
const relayLimit = 1_000

export interface RelayOptions {
  readonly database: Session
  readonly schema: Mailbox
  /** The mailboxes that its messages go to. */
  readonly mailboxes: readonly Mailbox[]
  readonly topics: Topics
  readonly wakes: Wakes
  readonly trace: Trace | undefined
}

/** What wakes the relay of a schema. */
export const relayOf = (schema: Mailbox): string => `relay of ${schema}`

/** Moves one outbox to the topics until it is stopped; answers its end. */
export class Relay {
  readonly #options: RelayOptions
  readonly #producer: Producer
  readonly #at = new Map<Mailbox, Spot>()
  #stopping = false

  constructor(options: RelayOptions) {
    this.#options = options
    this.#producer = new Producer({ ...clientSettings(options.topics), idempotent: true })
  }

  stop(): void {
    this.#stopping = true
    this.#options.wakes.wake(relayOf(this.#options.schema))
  }

  async run(): Promise<void> {
    const { schema, mailboxes, wakes } = this.#options
    const name = relayOf(schema)
    while (!this.#stopping) {
      const seen = wakes.seen(name)
      let moved = 0
      for (const mailbox of mailboxes) moved += await this.#move(mailbox)
      if (moved > 0) await this.#remember()
      else await wakes.sleep(name, seen)
    }
    await this.#producer.close()
  }

  async #move(mailbox: Mailbox): Promise<number> {
    const { database, schema, topics, trace } = this.#options
    const { posted, last } = await readOutbox(database, schema, mailbox, this.#at.get(mailbox) ?? start, relayLimit)
    if (posted.length === 0) return 0
    const topic = topicOf(topics, mailbox)
    await this.#producer.send({
      acks: ProduceAcks.ALL,
      messages: posted.map(({ saga, name, body }) => ({
        topic,
        key: Buffer.from(saga),
        value: Buffer.from(body),
        headers: new Map([[nameHeader, Buffer.from(name)]]),
      })),
    })
    trace?.stamp('relayed', posted)
    this.#at.set(mailbox, last)
    return posted.length
  }

  async #remember(): Promise<void> {
    const { database, schema } = this.#options
    const spots = [...this.#at.values()]
    await database.read(
      `insert into ${schema}.position (source, txid, pos)
       select 'relay to ' || mailbox, txid, pos from unnest($1::text[], $2::xid8[], $3::bigint[]) as r(mailbox, txid, pos)
       on conflict (source) do update set txid = excluded.txid, pos = excluded.pos`,
      [[...this.#at.keys()], spots.map(({ txid }) => txid), spots.map(({ pos }) => pos)],
    )
  }
}
