import type { Output } from './output.ts'

const HYPHEN = 0x2d
const digits = new Int8Array(256).fill(-1)
for (let value = 0; value < 16; value += 1) {
  digits[value.toString(16).charCodeAt(0)] = value
  digits[value.toString(16).toUpperCase().charCodeAt(0)] = value
}

/** Writes the 16 bytes of a uuid in its canonical form (8-4-4-4-12); false if it has another. */
export function writeUuid(output: Output, uuid: string): boolean {
  if (uuid.length !== 36) return false
  for (let at = 0; at < 36; ) {
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (uuid.charCodeAt(at) !== HYPHEN) return false
      at += 1
    }
    const byte = (digit(uuid.charCodeAt(at)) << 4) | digit(uuid.charCodeAt(at + 1))
    if (byte < 0) return false
    output.byte(byte)
    at += 2
  }
  return true
}

function digit(code: number): number {
  return digits[code] ?? -1
}
