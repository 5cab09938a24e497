/** How long a consumer sleeps when nobody wakes it. */
const pollMs = 50

/** Wakes the consumers of mailboxes after a commit. */
export class Wakes {
  readonly #counts = new Map<string, number>()
  readonly #sleepers = new Map<string, () => void>()

  seen(mailbox: string): number {
    return this.#counts.get(mailbox) ?? 0
  }

  wake(mailbox: string): void {
    this.#counts.set(mailbox, this.seen(mailbox) + 1)
    this.#sleepers.get(mailbox)?.()
  }

  /** Sleeps unless something came since `seen`. */
  async sleep(mailbox: string, seen: number): Promise<void> {
    if (this.seen(mailbox) !== seen) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pollMs)
      this.#sleepers.set(mailbox, () => {
        clearTimeout(timer)
        resolve()
      })
    })
    this.#sleepers.delete(mailbox)
  }
}
