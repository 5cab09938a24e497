const INITIAL_BYTES = 64 * 1024
/** A larger buffer than this is given back after use, so that one huge parameter does not stay in memory. */
const KEPT_BYTES = 4 * 1024 * 1024

/** The bytes of the next exchange: one growing buffer, used again for each. */
export class Output {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #view = viewOf(this.#bytes)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What was written since the last clear. Valid until the next write. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
    if (this.#bytes.length > KEPT_BYTES) this.#replace(Buffer.allocUnsafeSlow(INITIAL_BYTES))
  }

  /** Takes back everything after `length`. */
  truncate(length: number): void {
    this.#length = length
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#view.setUint8(this.#length, value)
    this.#length += 1
  }

  int16(value: number): void {
    this.#reserve(2)
    this.#view.setInt16(this.#length, value)
    this.#length += 2
  }

  int32(value: number): void {
    this.#reserve(4)
    this.#view.setInt32(this.#length, value)
    this.#length += 4
  }

  int64(value: bigint): void {
    this.#reserve(8)
    this.#view.setBigInt64(this.#length, value)
    this.#length += 8
  }

  float64(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value)
    this.#length += 8
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** UTF-8, without a terminator. */
  text(value: string): void {
    this.#reserve(value.length * 3)
    this.#length += this.#bytes.write(value, this.#length, 'utf8')
  }

  /** UTF-8, ended by a zero byte: names and SQL texts. */
  terminated(value: string): void {
    this.text(value)
    this.byte(0)
  }

  /** Writes a place for an int32 that is known later, and returns where. */
  gap(): number {
    this.int32(0)
    return this.#length - 4
  }

  /** Writes into a gap the number of bytes since its end plus `extra`. */
  fill(gap: number, extra = 0): void {
    this.#view.setInt32(gap, this.#length - gap - 4 + extra)
  }

  setInt16(at: number, value: number): void {
    this.#view.setInt16(at, value)
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#replace(larger)
  }

  #replace(bytes: Buffer<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
