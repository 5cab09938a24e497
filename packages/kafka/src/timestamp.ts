/** RFC 3339; T and Z in either case. */
const PATTERN = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** All messages of one transaction are of one time. */
let last: { readonly text: string; readonly milliseconds: number | null } = { text: '', milliseconds: null }

/** Milliseconds since 1970 of an RFC 3339 time; null when it is none. A leap second counts as none: no clock of ours writes one. */
export function millisecondsOf(text: string): number | null {
  if (text !== last.text) last = { text, milliseconds: readTime(text) }
  return last.milliseconds
}

function readTime(text: string): number | null {
  const time = text.toUpperCase()
  const [, year, month, day] = PATTERN.exec(time) ?? []
  // Date.parse moves 30 February to March.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  const milliseconds = Date.parse(time)
  return Number.isNaN(milliseconds) || day === undefined || Number(day) > days ? null : milliseconds
}
