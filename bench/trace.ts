/**
 * Where a message was: `stored` with the commit of the transaction that sent it, `relayed` when the broker has acknowledged
 * it, `received` when its consumer took it up. A step is handled when the message that it sends is stored.
 */
export type Point = 'stored' | 'relayed' | 'received'

/** A message of a saga, by its name. */
export interface Sighting {
  readonly saga: string
  readonly name: string
}

/** When a saga's order was to be placed, and when its messages were where, on this process's clock (milliseconds). */
export class Trace {
  readonly #sagas = new Map<string, Map<string, number>>()

  stamp(point: Point, messages: Iterable<Sighting>): void {
    const now = performance.now()
    // What is read again, because it was not to be handled yet, counts from the last time.
    for (const { saga, name } of messages) this.#saga(saga).set(`${name} ${point}`, now)
  }

  /** @param at when it was to be placed */
  accepted(saga: string, at: number): void {
    this.#saga(saga).set('accepted', at)
  }

  /**
   * Milliseconds between two stamps of every saga that was accepted since the last `clear`.
   *
   * @throws Error when a stamp is missing: what stamps them looks at the wrong place
   */
  between(from: string, to: string): number[] {
    return [...this.#sagas.values()]
      .filter((stamps) => stamps.has('accepted'))
      .map((stamps) => (stamps.get(to) ?? missing(to)) - (stamps.get(from) ?? missing(from)))
  }

  clear(): void {
    this.#sagas.clear()
  }

  #saga(id: string): Map<string, number> {
    const stamps = this.#sagas.get(id) ?? new Map<string, number>()
    this.#sagas.set(id, stamps)
    return stamps
  }
}

function missing(stamp: string): never {
  throw new Error(`a saga has no stamp "${stamp}"`)
}
