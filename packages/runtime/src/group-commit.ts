import { isTransient } from './ports/database.ts'

/** Requests in one transaction, at most. */
const groupLimit = 500

interface Pending<Request, Answer> {
  readonly request: Request
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Puts requests that arrive while a transaction is being committed into the next one together; when nothing is under way,
 * none waits. A request that raises takes none of the others with it: then they run singly.
 */
export class GroupCommit<Request, Answer> {
  readonly #commit: (requests: readonly Request[]) => Promise<readonly Answer[]>
  #queue: Pending<Request, Answer>[] = []
  #flushing: Promise<void> | undefined

  /** @param commit runs one transaction for all of them; it answers each, in their order */
  constructor(commit: (requests: readonly Request[]) => Promise<readonly Answer[]>) {
    this.#commit = commit
  }

  /** Resolves when the request's transaction is committed. @throws what it threw, or the database */
  add(request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject })
      this.#flushing ??= this.#flush()
    })
  }

  /** Waits until nothing is in hand. */
  async idle(): Promise<void> {
    await this.#flushing
  }

  async #flush(): Promise<void> {
    // Requests that were parsed in the same turn of the event loop belong to one group.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#queue.length > 0) await this.#run(this.#queue.splice(0, groupLimit))
    this.#flushing = undefined
  }

  /** Commits a group and answers it; returns the error of an outage. */
  async #run(group: readonly Pending<Request, Answer>[]): Promise<unknown> {
    try {
      const answers = await this.#commit(group.map(({ request }) => request))
      if (answers.length !== group.length) throw new Error(`${group.length} requests got ${answers.length} answers`)
      for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Answer)
      return undefined
    } catch (error) {
      const [only, ...others] = group
      if (others.length === 0) {
        only?.reject(error)
        return isTransient(error) ? error : undefined
      }
      // One of them raised and took the others with it, or the answer was lost: they run singly. In an outage one more
      // try tells enough.
      let outage: unknown
      for (const pending of group) {
        if (outage === undefined) outage = await this.#run([pending])
        else pending.reject(outage)
      }
      return outage
    }
  }
}
