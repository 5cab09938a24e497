import { createHash } from 'node:crypto'

/** What a simulation did, step by step. Sagas have numbers, in the order in which they are first met: ids differ from run to run. */
export class Trace {
  readonly #lines: string[] = []
  readonly #numbers = new Map<string, number>()

  get lines(): readonly string[] {
    return this.#lines
  }

  /** Equal for two runs that took the same steps. */
  get hash(): string {
    return createHash('sha256').update(this.#lines.join('\n')).digest('hex')
  }

  /** A saga's number, or that of an event's key. */
  numberOf(id: string): string {
    const number = this.#numbers.get(id) ?? this.#numbers.size + 1
    this.#numbers.set(id, number)
    return `#${number}`
  }

  add(line: string): void {
    this.#lines.push(line)
  }
}

/** The last steps tell most; a whole run may have thousands. */
const shownSteps = 60

/** A simulation went wrong. Its message names the seed that repeats it, and its last steps. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError'
  readonly seed: number
  /** Every step. */
  readonly trace: readonly string[]

  constructor(what: string, seed: number, trace: readonly string[], options?: ErrorOptions) {
    const shown = trace.slice(-shownSteps)
    const before = trace.length - shown.length
    super(
      [`${what} (seed ${seed})`, ...(before > 0 ? [`  … ${before} steps`] : []), ...shown.map((line) => `  ${line}`)].join('\n'),
      options,
    )
    this.seed = seed
    this.trace = trace
  }
}
