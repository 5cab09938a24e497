/**
 * The Database port: one SQL dialect (PostgreSQL), a tiny `query(text, values)`, and transactions whose type a pool does
 * not fit.
 *
 * Values and rows, the same in every adapter:
 * - parameters are strings, numbers, bigints, booleans, null, or arrays of those for `any($1::int[])` and `unnest`;
 *   `undefined` is refused. Text with U+0000 is refused by the database (22021).
 * - `int2`, `int4`, `int8` and `float8` come back as numbers (an int8 outside the safe integers throws), `bool` as
 *   boolean, `json` and `jsonb` parsed, everything else (uuid, text, xid8, timestamptz, numeric) as the text PostgreSQL
 *   writes. Times that TypeScript reads are selected as milliseconds.
 */
export type Scalar = string | number | bigint | boolean | null
export type Value = Scalar | readonly Scalar[]
export type Row = Record<string, unknown>

export interface Queryable {
  /**
   * Runs one prepared statement. Statements that are issued without awaiting the one before are sent together, in order,
   * where the adapter can: independent statements cost one round trip.
   *
   * @throws DatabaseError
   */
  query<R = Row>(text: string, values?: readonly Value[]): Promise<R[]>
}

export declare const inTransaction: unique symbol

/** A connection inside a transaction. A pool does not fit: what must be atomic demands this type. */
export interface Transaction extends Queryable {
  readonly [inTransaction]: true
}

export interface Database extends Queryable {
  /**
   * Runs `work` in one READ COMMITTED transaction and commits when it resolves; rolls back when it, or any statement it
   * issued, fails. Inside `work`, only the transaction may be awaited: another query of the same database could wait for it.
   *
   * @throws what `work` threw, or DatabaseError
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Runs a text of many statements, without parameters. For migrations. */
  script(text: string): Promise<void>
  close(): Promise<void>
}

/** What the database said no to. `code` is the SQLSTATE. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: string
  readonly constraint: string | undefined
  constructor(message: string, code: string, constraint?: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.constraint = constraint
  }
}

/**
 * Whether an error says nothing about the work itself, so that the whole of it is tried again and no attempt is counted:
 * connection (08), a transaction left open too long by a process that stood still (25P03), rollback by deadlock or
 * serialisation (40), resources (53), operator (57), lock not available (55P03).
 */
export function isTransient(error: unknown): boolean {
  return error instanceof DatabaseError && /^(08|40|53|57|25P03|55P03)/.test(error.code)
}

/**
 * Whether the server gave up on a transaction because of its time: a statement's (57014), or between two (25P03). It is
 * transient, and may all the same be the doing of what the transaction does, each time.
 */
export function isTooSlow(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '57014' || error.code === '25P03')
}

/** Whether the server does not let this process in any more: its password, its role or its database is another one by now. */
export function isShutOut(error: unknown): boolean {
  return error instanceof DatabaseError && /^(28|3D)/.test(error.code)
}

/** Whether a transaction was surely rolled back for the sake of others (deadlock, serialisation), so that it may run again at once. */
export function isConflict(error: unknown): boolean {
  return error instanceof DatabaseError && error.code.startsWith('40')
}

/** Whether the server's disk is full (53100): nothing was done, and it works again when somebody has made room. */
export function isOutOfRoom(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '53100'
}

/** Whether nobody knows if the transaction was committed: the answer to the commit was lost (08007). */
export function isDoubtful(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '08007'
}

/** Whether an error is a violated unique constraint (optionally of that name). */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return error instanceof DatabaseError && error.code === '23505' && (constraint === undefined || error.constraint === constraint)
}
