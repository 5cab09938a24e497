const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A length of time: `500ms`, `30s`, `10m`, `2h`, `7d`. */
export type Duration = `${number}${keyof typeof unit}`

/** The duration in milliseconds. @throws RangeError for another form, zero or less */
export function milliseconds(duration: Duration): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration)
  const value = match ? Number(match[1]) * unit[match[2] as keyof typeof unit] : 0
  if (!(value > 0)) throw new RangeError(`${duration} is no duration: write a number above 0 and ms, s, m, h or d, such as 10m`)
  return value
}

/** Milliseconds as the shortest duration that says them exactly: `10m`. */
export function durationText(ms: number): string {
  const [name, size] = Object.entries(unit).findLast(([, one]) => ms % one === 0) ?? ['ms', 1]
  return `${ms / size}${name}`
}
