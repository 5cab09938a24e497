import type { Trace } from '../trace.ts'
import { batchLimit, handleBatch } from './batch.ts'
import { type Mailbox, type Outgoing, opened, readOutbox, type Spot, start } from './messages.ts'
import type { Session } from './session.ts'
import type { Wakes } from './wakes.ts'

export interface LogConsumerOptions {
  readonly database: Session
  readonly schema: Mailbox
  /** The schemas whose outboxes are read. */
  readonly sources: readonly Mailbox[]
  readonly wakes: Wakes
  readonly committed: (outgoing: readonly Outgoing[]) => void
  readonly trace: Trace | undefined
}

/** Consumes one mailbox from the outboxes themselves until it is stopped; answers its end. */
export class LogConsumer {
  readonly #options: LogConsumerOptions
  readonly #at: Map<Mailbox, Spot>
  #stopping = false

  constructor(options: LogConsumerOptions) {
    this.#options = options
    this.#at = new Map(options.sources.map((source) => [source, start]))
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

  async #batch(source: Mailbox): Promise<number> {
    const { database, schema, wakes, committed, trace } = this.#options
    const { posted, last } = await readOutbox(database, source, schema, this.#at.get(source) ?? start, batchLimit)
    if (posted.length === 0) return 0
    trace?.stamp('received', posted)
    let outgoing: Outgoing[] = []
    await database.transaction(async (run) => {
      outgoing = await handleBatch(run, schema, posted.map(opened))
      await run(`update ${schema}.position set txid = $2, pos = $3 where source = $1 and epoch = 1`, [
        source,
        last.txid,
        last.pos,
      ])
    })
    this.#at.set(source, last)
    committed(outgoing)
    for (const mailbox of new Set(outgoing.map((message) => message.mailbox))) wakes.wake(mailbox)
    return posted.length
  }
}
