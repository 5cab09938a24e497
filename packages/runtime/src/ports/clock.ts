/** Time, ids and chance come in through ports, so that the simulation can replay a run. */
export interface Clock {
  /** Milliseconds since 1970 (UTC). */
  now(): number
}
export interface Random {
  /** A number in [0, 1). */
  next(): number
}
export interface Ids {
  /** A UUIDv7 in canonical lower case: ids made later sort later, so that inserts stay at the right edge of an index. */
  uuid(): string
}
