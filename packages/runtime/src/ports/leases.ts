/**
 * The Leases port: of all instances, one at a time does a piece of work. A lease alone proves nothing to a process that was
 * stopped and goes on later: what its holder writes is fenced besides.
 */
export interface Leases {
  /**
   * Waits until this instance holds the lease; undefined when aborted before. Trouble on the way is tried again.
   *
   * @param taken told, perhaps several times, that another instance holds it
   */
  acquire(name: string, abort: AbortSignal, taken?: () => void): Promise<Lease | undefined>
}

export interface Lease {
  /** Aborted when the lease was lost, or may have been: the holder must stop. */
  readonly lost: AbortSignal
  /** Gives it back, so that another instance gets it at once. */
  release(): Promise<void>
}
