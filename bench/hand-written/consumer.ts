import type { Body, Message, Outgoing } from './messages.ts'
import { writeInbox, writeOutbox } from './messages.ts'
import type { Session } from './session.ts'
import { steps } from './steps.ts'
import type { Wakes } from './wakes.ts'

/** Messages in one transaction, at most: Comptoir's own bound. */
export const batchLimit = 500

export interface ConsumerOptions {
  readonly database: Session
  readonly schema: 's' | 'p'
  /** The schemas whose outboxes are read. */
  readonly sources: readonly string[]
  readonly wakes: Wakes
  readonly ended: (count: number) => void
}

/** Consumes one mailbox until it is stopped; answers its end. */
export class Consumer {
  readonly #options: ConsumerOptions
  readonly #at: Map<string, { txid: string; pos: string }>
  #stopping = false

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#at = new Map(options.sources.map((source) => [source, { txid: '0', pos: '0' }]))
  }

  stop(): void {
    this.#stopping = true
    this.#options.wakes.wake(this.#options.schema)
  }

  async run(): Promise<void> {
    const { schema, sources, wakes } = this.#options
    while (!this.#stopping) {
      const seen = wakes.seen(schema)
      let handled = 0
      for (const source of sources) handled += await this.#batch(source)
      if (handled === 0) await wakes.sleep(schema, seen)
    }
  }

  async #batch(source: string): Promise<number> {
    const { database, schema, wakes, ended } = this.#options
    const at = this.#at.get(source)
    const rows = await database.read(
      `select txid, pos, saga, name, body from ${source}.outbox
       where mailbox = $1 and (txid, pos) > ($2::xid8, $3::bigint) and txid < pg_snapshot_xmin(pg_current_snapshot())
       order by txid, pos limit ${batchLimit}`,
      [schema, at?.txid, at?.pos],
    )
    const last = rows.at(-1)
    if (!last) return 0
    const next = { txid: String(last.txid), pos: String(last.pos) }
    const messages = rows.map(({ saga, name, body }) => ({
      saga: String(saga),
      name: String(name),
      body: JSON.parse(String(body)) as Body,
    }))
    const outgoing: Outgoing[] = []
    await database.transaction(async (run) => {
      for (const [name, group] of byName(messages)) {
        const step = steps.get(name)
        if (!step) throw new Error(`nobody handles ${name}`)
        const fresh = await writeInbox(
          run,
          schema,
          group.map(({ saga }) => saga),
          step.name,
        )
        outgoing.push(
          ...(await step.run(
            run,
            group.filter(({ saga }) => fresh.has(saga)),
          )),
        )
      }
      await writeOutbox(run, schema, outgoing)
      await run(`update ${schema}.position set txid = $2, pos = $3 where source = $1 and epoch = 1`, [
        source,
        next.txid,
        next.pos,
      ])
    })
    this.#at.set(source, next)
    for (const mailbox of new Set(outgoing.map((message) => message.mailbox))) wakes.wake(mailbox)
    const ends = outgoing.filter(({ mailbox }) => mailbox === 'end').length
    if (ends > 0) ended(ends)
    return messages.length
  }
}

function byName(messages: readonly Message[]): Map<string, Message[]> {
  const groups = new Map<string, Message[]>()
  for (const message of messages) {
    const group = groups.get(message.name) ?? []
    groups.set(message.name, group)
    group.push(message)
  }
  return groups
}
