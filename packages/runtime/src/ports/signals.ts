/**
 * Wake-ups. They only say "look again"; what there is to see stands in the database. Signals are counted, so that one
 * sent while the listener was busy is not lost (a lost one cost 20 ms a hop when they were only notified).
 */
export interface Signals {
  /** Wakes everybody who waits for one of these names. */
  send(names: Iterable<string>): void
  /**
   * Says that nobody but this process waits for these names, so that it need not tell the others of them. Returns what takes
   * it back.
   */
  claim(names: Iterable<string>): () => void
  /** How often the name has been sent. Read it before looking, pass it to `wait` after finding nothing. */
  seen(name: string): number
  /** Resolves when the name has been sent more often than `seen`, after `ms` milliseconds, or when aborted. */
  wait(name: string, seen: number, ms: number, abort?: AbortSignal): Promise<void>
}
