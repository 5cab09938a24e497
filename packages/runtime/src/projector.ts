import { crashPoint } from './crash-points.ts'
import { tell } from './diagnostics.ts'
import { backoff, errorText } from './failures.ts'
import { CursorAheadError, type LoggedMessage } from './log.ts'
import type { Transaction } from './ports/database.ts'
import { advance, FencedError, type Hold, positionsAfter, releaseHold, takeOver } from './positions.ts'
import { Reader } from './reader.ts'
import type { Service } from './service.ts'
import { changesMailbox } from './unit-of-work.ts'

/**
 * Reads the rows of these kinds and ids again and writes what the read model shows of them. A projection writes whole
 * versions and never an older one over a newer, so that it may run any number of times in any order.
 */
export type Project = (tx: Transaction, changes: ReadonlyMap<string, readonly (number | string)[]>) => Promise<void>

const batchLimit = 500
const pollMs = 200

/** Sent when a service's projections have applied something. */
export const projectedSignal = (service: string): string => `${service}.projected`

/** Keeps the read model of one service from the service's own log. */
export class Projector {
  readonly #service: Service
  readonly #project: Project
  readonly #stop = new AbortController()
  #loop: Promise<void> | undefined
  #hold: Hold | undefined
  #troubled = 0
  /** Why the read model stands still; null when all is well. */
  trouble: string | null = null

  constructor(service: Service, project: Project) {
    this.#service = service
    this.#project = project
  }

  async start(): Promise<void> {
    const { name, ports } = this.#service
    this.#hold = await takeOver(ports.database, name, changesMailbox(name), [name])
    this.#loop = this.#run(this.#hold, new Reader(this.#service, changesMailbox(name), this.#hold))
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#loop
    if (this.#hold) await releaseHold(this.#service.ports.database, this.#service.name, this.#hold)
  }

  async #run(lease: Hold, reader: Reader): Promise<void> {
    const { name, ports } = this.#service
    const mailbox = changesMailbox(name)
    while (!this.#stop.signal.aborted) {
      try {
        const seen = ports.signals.seen(mailbox)
        await reader.poll(batchLimit)
        crashPoint('projection.afterRead')
        const read = reader.pending.length
        if (read > 0) await this.#apply(lease, reader)
        if (read < batchLimit) await ports.signals.wait(mailbox, seen, pollMs, this.#stop.signal)
        this.#troubled = 0
        this.trouble = null
      } catch (error) {
        const final = error instanceof FencedError || error instanceof CursorAheadError
        this.trouble = final ? error.message : `${errorText(error)} (trying again)`
        tell('comptoir:paused', () => ({ service: name, consumer: mailbox, reason: this.trouble }))
        if (final) return
        this.#troubled += 1
        await ports.signals.wait(
          `${mailbox}.never`,
          0,
          Math.min(5_000, backoff(this.#troubled, ports.random.next())),
          this.#stop.signal,
        )
      }
    }
  }

  /** Applies everything that was read, each row once however often it changed. */
  async #apply(lease: Hold, reader: Reader): Promise<void> {
    const { name, ports } = this.#service
    const batch = reader.pending
    const began = ports.clock.now()
    await ports.database.transaction(async (tx) => {
      const fenced = advance(tx, name, lease, positionsAfter(batch))
      fenced.catch(() => {})
      await this.#project(tx, mergeChanges(batch))
      await fenced
      crashPoint('projection.beforeCommit')
    })
    crashPoint('projection.afterCommit')
    reader.drop(batch.length)
    ports.signals.send([projectedSignal(name)])
    const now = ports.clock.now()
    tell('comptoir:batch', () => ({
      service: name,
      consumer: changesMailbox(name),
      messages: batch.length,
      milliseconds: now - began,
      oldest: Math.max(...batch.map((message) => now - message.created)) / 1000,
    }))
  }
}

function mergeChanges(batch: readonly LoggedMessage[]): Map<string, (number | string)[]> {
  const changes = new Map<string, Set<number | string>>()
  for (const { body } of batch) {
    for (const [kind, ids] of Object.entries(JSON.parse(body) as Record<string, (number | string)[]>)) {
      const known = changes.get(kind) ?? new Set()
      changes.set(kind, known)
      for (const id of ids) known.add(id)
    }
  }
  return new Map([...changes].map(([kind, ids]) => [kind, [...ids].sort((a, b) => (a < b ? -1 : 1))]))
}
