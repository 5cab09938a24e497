/** One fault of a request: where it is, a stable code for programs, and for people what to do about it. */
export interface ProblemItem {
  /** JSON pointer into the body; `''` is the whole body. Absent when the fault is not in the body. */
  readonly pointer?: string
  /** The name of the path or query parameter, or of the header, that is at fault. */
  readonly parameter?: string
  readonly code: string
  readonly detail: string
}

export interface ProblemOptions {
  readonly errors?: readonly ProblemItem[]
  /** Further members of the answer, such as `order_id` or `"deleted": false`. */
  readonly members?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * An answer that is not a success (RFC 9457). Throw it in a handler or a hook; the server turns it into
 * `application/problem+json`.
 *
 * `detail` is read by people: it says what is wrong and what to do about it, and never holds what must stay inside.
 */
export class Problem extends Error {
  override readonly name = 'Problem'
  /** HTTP status, 4xx or 5xx. */
  readonly status: number
  /** Lower snake case, stable: the last part of `type`. */
  readonly code: string
  readonly errors: readonly ProblemItem[]
  readonly members: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, detail: string, options: ProblemOptions = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.errors = options.errors ?? []
    this.members = options.members ?? {}
    this.headers = options.headers ?? {}
  }

  /** The JSON text of the answer. `instance` is the path of the request. */
  toJson(instance: string): string {
    return JSON.stringify({
      ...this.members,
      type: `/problems/${this.code}`,
      title: titleOf(this.code),
      status: this.status,
      detail: this.message,
      instance: bounded(instance),
      errors: this.errors,
      // Clients of the old API read this member, and read it as text.
      error: this.message,
    })
  }
}

/** The problem of one field of the body: `fieldProblem(422, '/items/3/product_id', 'unknown_product', 'There is no …')`. */
export function fieldProblem(status: number, pointer: string, code: string, detail: string): Problem {
  return new Problem(status, code, detail, { errors: [{ pointer: bounded(pointer), code, detail }] })
}

/** A JSON pointer (RFC 6901) from its parts. */
export function pointerOf(path: Iterable<string | number>): string {
  let pointer = ''
  for (const part of path) pointer += `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`
  return pointer
}

/** Longest text from a request that an answer repeats, in UTF-16 units. */
const LONGEST_ECHO = 200

/** Shortens what comes from the request, so that an answer cannot be made large by it. */
export function bounded(text: string): string {
  // The cut may fall between the two halves of a character.
  return text.length <= LONGEST_ECHO ? text : `${text.slice(0, LONGEST_ECHO).replace(/\p{Surrogate}$/u, '')}…`
}

function titleOf(code: string): string {
  return code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ')
}
