const INITIAL_BYTES = 64 * 1024
/** A larger store than this is given back after use, so that one huge answer does not stay in memory. */
const KEPT_BYTES = 4 * 1024 * 1024
const READY_FOR_QUERY = 0x5a
const NOTHING = Buffer.alloc(0)

/** Cuts what a server sends into answers: messages up to a ReadyForQuery. Bytes handed out are valid until the next push. */
export class Frames {
  /** Beginning of an answer whose end has not come yet. */
  #store = NOTHING
  #stored = 0
  /** How much of that is whole messages. */
  #whole = 0

  push(chunk: Buffer, take: (answer: Buffer) => void): void {
    // Nearly always a chunk holds whole answers, and nothing is copied.
    const bytes = this.#stored === 0 ? chunk : this.#append(chunk)
    let start = 0
    let at = this.#whole
    while (at + 5 <= bytes.length) {
      const end = at + 1 + bytes.readInt32BE(at + 1)
      if (end > bytes.length) break
      const ready = bytes[at] === READY_FOR_QUERY
      at = end
      if (ready) {
        take(bytes.subarray(start, end))
        start = end
      }
    }
    this.#whole = at - start
    this.#keep(bytes, start)
  }

  /** The whole messages of an answer whose end has not come yet. */
  unfinished(): Buffer {
    return this.#store.subarray(0, this.#whole)
  }

  /** Drops messages that belong to no answer. */
  clear(): void {
    if (this.#whole < this.#stored) return
    this.#stored = 0
    this.#whole = 0
  }

  #append(chunk: Buffer): Buffer {
    const length = this.#stored + chunk.length
    this.#reserve(length)
    chunk.copy(this.#store, this.#stored)
    return this.#store.subarray(0, length)
  }

  #keep(bytes: Buffer, start: number): void {
    const rest = bytes.length - start
    if (rest === 0 && this.#store.length > KEPT_BYTES) this.#store = NOTHING
    this.#stored = rest
    if (rest === 0 || (start === 0 && bytes.buffer === this.#store.buffer)) return
    this.#reserve(rest)
    bytes.copy(this.#store, 0, start)
  }

  #reserve(length: number): void {
    if (length <= this.#store.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#store.length * 2, INITIAL_BYTES))
    this.#store.copy(larger)
    this.#store = larger
  }
}
