import type { RecordToProduce } from './record-client.ts'
import { brokerError } from './trouble.ts'

/** Most bytes in one request: a broker takes 1 MiB for each partition, and all of a request may go to one. */
const REQUEST_BYTES = 524_288
/** Framing of a record, roughly. */
const RECORD_OVERHEAD = 12

/** A publication; it has its answer when all its records are acknowledged. */
interface Publication {
  unacknowledged: number
  resolve(): void
  reject(error: Error): void
}

interface Waiting {
  readonly record: RecordToProduce
  readonly publication: Publication
}

/**
 * Publishes with one request in flight; what comes meanwhile goes out together in the next. So the messages
 * of a key keep their order, also when a request fails: with it falls all that waits behind it. With four in flight a
 * broker that was killed has stored a batch twice.
 */
export class PublicationQueue {
  readonly #topic: string
  readonly #send: (records: RecordToProduce[]) => Promise<void>
  readonly #waiting: Waiting[] = []
  #work: Promise<void> | undefined

  constructor(topic: string, send: (records: RecordToProduce[]) => Promise<void>) {
    this.#topic = topic
    this.#send = send
  }

  add(records: readonly RecordToProduce[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const publication = { unacknowledged: records.length, resolve, reject }
      for (const record of records) this.#waiting.push({ record, publication })
      this.#work ??= this.#run()
    })
  }

  async idle(): Promise<void> {
    await this.#work
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take()
      try {
        await this.#send(batch.map(({ record }) => record))
        for (const { publication } of batch) {
          publication.unacknowledged -= 1
          if (publication.unacknowledged === 0) publication.resolve()
        }
      } catch (error) {
        const refusal = brokerError(`messages for ${this.#topic} were not taken`, error)
        for (const { publication } of [...batch, ...this.#waiting.splice(0)]) publication.reject(refusal)
      }
    }
    // In the same turn as the last look, so that nothing can come in between and lie there.
    this.#work = undefined
  }

  #take(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const { record } of this.#waiting) {
      bytes += record.value.length + RECORD_OVERHEAD
      if (count > 0 && bytes > REQUEST_BYTES) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }
}
