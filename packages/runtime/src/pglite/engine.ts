import { PGlite } from '@electric-sql/pglite'
import { type CrashGuard, guardAgainstCrashes } from './crash-guard.ts'

const INITIAL_BYTES = 64 * 1024
/** A larger buffer than this is given back after use, so that one huge answer does not stay in memory. */
const KEPT_BYTES = 4 * 1024 * 1024

/** PGlite as a synchronous exchange of protocol bytes. */
export class Engine {
  readonly #pglite: PGlite
  readonly #crash: CrashGuard
  #answer = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #answered = 0

  private constructor(pglite: PGlite) {
    this.#pglite = pglite
    this.#crash = guardAgainstCrashes(pglite)
  }

  /** Opens a data folder, or a database in memory. */
  static async open(folder?: string): Promise<Engine> {
    return new Engine(await PGlite.create(folder === undefined ? {} : { dataDir: folder }))
  }

  /**
   * Sends messages and returns the answer, whose bytes are valid until the next exchange.
   *
   * The streaming call, because it hands over bytes without PGlite's parser, which would keep every message of every
   * answer in memory. It is synchronous up to its end: the promise tells nothing that the guard does not know.
   *
   * @throws what broke the WebAssembly instance; it must not be used again, not even closed
   */
  exchange(messages: Uint8Array): Buffer {
    this.#answered = 0
    if (this.#answer.length > KEPT_BYTES) this.#answer = Buffer.allocUnsafeSlow(INITIAL_BYTES)
    this.#pglite.execProtocolRawStream(messages, { syncToFs: false, onRawData: (bytes) => this.#collect(bytes) }).catch(() => {})
    const crash = this.#crash()
    if (crash !== undefined) throw crash
    return this.#answer.subarray(0, this.#answered)
  }

  close(): Promise<void> {
    return this.#pglite.close()
  }

  #collect(bytes: Uint8Array): void {
    const length = this.#answered + bytes.length
    if (length > this.#answer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#answer.length * 2))
      this.#answer.copy(larger, 0, 0, this.#answered)
      this.#answer = larger
    }
    this.#answer.set(bytes, this.#answered)
    this.#answered = length
  }
}
