import { type Database, type LoggedMessage, mailboxesOf } from '@comptoir/runtime'

/** A message on its way to a mailbox, and how often it has been delivered. */
export interface Letter {
  readonly mailbox: string
  readonly message: LoggedMessage
  deliveries: number
}

/** All messages on their way. What the services have committed to their logs is taken from there, and nothing is ever lost. */
export class Mailbag {
  readonly #database: Database
  readonly #services: readonly string[]
  readonly #read = new Map<string, number>()
  #letters: readonly Letter[] = []

  /** @param services whose logs are read, and whose mailboxes are served */
  constructor(database: Database, services: readonly string[]) {
    this.#database = database
    this.#services = services
  }

  /** Those that have not arrived, the oldest first. */
  get letters(): readonly Letter[] {
    return this.#letters
  }

  /** Takes what has come into the logs. Nobody else is writing, so what is there is complete. */
  async collect(): Promise<void> {
    const rows = await this.#database.query<LoggedMessage & { mailbox: string }>(
      `${this.#services
        .map(
          (source, index) =>
            `select '${source}' as source, mailbox, epoch, txid::text as txid, pos, key, type, id, definition, body,
               (extract(epoch from created) * 1000)::float8 as created
             from ${source}.log where mailbox = any($1) and pos > $${index + 2}::bigint`,
        )
        .join(' union all ')} order by txid, pos`,
      [mailboxesOf(this.#services), ...this.#services.map((source) => this.#read.get(source) ?? 0)],
    )
    for (const { mailbox, ...message } of rows) {
      this.#read.set(message.source, Math.max(this.#read.get(message.source) ?? 0, message.pos))
      this.#letters = [...this.#letters, { mailbox, message, deliveries: 0 }]
    }
  }

  /** They have arrived. */
  remove(arrived: readonly Letter[]): void {
    this.#letters = this.#letters.filter((letter) => !arrived.includes(letter))
  }

  /** They are on their way again: whoever had them has died. */
  putBack(lost: readonly Letter[]): void {
    this.#letters = [...lost, ...this.#letters]
  }
}
