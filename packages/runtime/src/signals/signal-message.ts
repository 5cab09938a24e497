/** What processes tell each other: which names were sent, and by whom, because everybody also hears himself. */
export interface SignalMessage {
  readonly sender: string
  /** None means any: the message had no room for so many. */
  readonly names: readonly string[]
}

/** PostgreSQL takes less than 8,000 bytes. */
const longest = 7_900

export function encodeSignals({ sender, names }: SignalMessage): string {
  const text = JSON.stringify([sender, ...names])
  return Buffer.byteLength(text) <= longest ? text : JSON.stringify([sender])
}

/** Undefined for what is no such message: anybody may write to a channel. */
export function decodeSignals(text: string): SignalMessage | undefined {
  try {
    const list: unknown = JSON.parse(text)
    if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) return undefined
    const [sender, ...names] = list
    return sender === undefined ? undefined : { sender, names }
  } catch {
    return undefined
  }
}
