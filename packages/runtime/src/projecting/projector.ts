import { crashPoint } from '../crash-points.ts'
import { tell } from '../diagnostics.ts'
import { Leader } from '../leading/leader.ts'
import { isFinal } from '../leading/leading.ts'
import type { LoggedMessage } from '../log/log.ts'
import { releaseHold, takeOver } from '../log/positions.ts'
import { Reader } from '../log/reader.ts'
import { isTransient, type Queryable, type Transaction } from '../ports/database.ts'
import { type Service, saidSignal } from '../service.ts'
import { changesMailbox } from '../unit-of-work.ts'

/**
 * Reads the rows of these kinds and ids again and writes what the read model shows of them. A projection writes whole
 * versions and never an older one over a newer, so that it may run any number of times in any order.
 */
export type Project = (tx: Transaction, changes: ReadonlyMap<string, readonly (number | string)[]>) => Promise<void>

const batchLimit = 500
const pollMs = 200

/**
 * After a transaction, what comes meanwhile is gathered and projected together, each row once: for nine times as long as the
 * transaction took, but within these milliseconds. So the three changes of one saga are one write when little is going on, and
 * a tenth of the time is the most that projections take from the sagas under load. Where a transaction takes so long that the
 * 150 ms would make it more than a fifth, four times as long as it took, at most `mostGatherMs`: a machine that is full has
 * something else to do than to write each order twice. Whoever waits for the read model says so, and then nothing is gathered.
 */
const [gatherFactor, shortestGatherMs, longestGatherMs] = [9, 10, 150] as const
const [busyFactor, mostGatherMs] = [4, 400] as const

/** @param took milliseconds of the last transaction */
function gatherMs(took: number): number {
  const usual = Math.min(Math.max(gatherFactor * took, shortestGatherMs), longestGatherMs)
  return Math.max(usual, Math.min(busyFactor * took, mostGatherMs))
}

/** Sent by whoever waits for a service's projections. */
export const awaitedSignal = (service: string): string => `${service}.awaited`
/** Sent when a service's projections have applied something. */
export const projectedSignal = (service: string): string => `${service}.projected`

/**
 * Waits for the projections of the service that are under way, those too that have read but not written yet, and lets none
 * come to its end until this transaction has ended: each moves this row first.
 */
export async function holdProjection(unit: Queryable, service: string): Promise<void> {
  // Locked and not changed: a change would roll back every projection that waits for this, again and again where there are many.
  await unit.query(`select from ${service}.position where consumer = $1 and source = $2 for update`, [
    changesMailbox(service),
    service,
  ])
}

/** Keeps the read model of one service from the service's own log. */
export class Projector {
  readonly #service: Service
  readonly #project: Project
  readonly #leader: Leader

  constructor(service: Service, project: Project) {
    this.#service = service
    this.#project = project
    this.#leader = new Leader(service, changesMailbox(service.name), (until, begun) => this.#work(until, begun))
  }

  /** Why the read model stands still; null when all is well. */
  get trouble(): string | null {
    return this.#leader.trouble.text
  }

  /** Begins as soon as this instance holds the lease of the service's projections; resolves then, or when it is in trouble. */
  start(): Promise<void> {
    return this.#leader.start()
  }

  stop(): Promise<void> {
    return this.#leader.stop()
  }

  async #work(until: AbortSignal, begun: () => void): Promise<void> {
    const { name, ports } = this.#service
    const mailbox = changesMailbox(name)
    const lease = await takeOver(ports.database, name, mailbox, [name])
    const reader = new Reader(this.#service, mailbox, lease)
    const disclaim = ports.signals.claim([mailbox, saidSignal(mailbox, name), awaitedSignal(name)])
    until.addEventListener('abort', disclaim, { once: true })
    const awaited = awaitedSignal(name)
    begun()
    let asked = ports.signals.seen(awaited)
    let took = 0
    while (!until.aborted) {
      try {
        const seen = ports.signals.seen(mailbox)
        await reader.poll(batchLimit)
        crashPoint('projection.afterRead')
        const read = reader.pending.length
        if (read > 0) took = await this.#apply(reader)
        this.#leader.trouble.over()
        if (read === batchLimit) continue
        await ports.signals.wait(mailbox, seen, pollMs, until)
        if (ports.signals.seen(mailbox) !== seen) await ports.signals.wait(awaited, asked, gatherMs(took), until)
        asked = ports.signals.seen(awaited)
      } catch (error) {
        if (isFinal(error)) throw error
        if (isTransient(error)) reader.rewind()
        await this.#leader.trouble.pause(error, until)
      }
    }
    await releaseHold(ports.database, name, lease)
  }

  /** Applies everything that was read, each row once however often it changed. Answers how many milliseconds that took. */
  async #apply(reader: Reader): Promise<number> {
    const { name, ports } = this.#service
    const batch = reader.pending
    const began = ports.clock.now()
    const work = async (tx: Transaction) => {
      // What it reads is of one moment: an order is counted in the reports as it is shown.
      const isolated = tx.query('set transaction isolation level repeatable read')
      isolated.catch(() => {})
      const fenced = reader.take(tx, batch)
      fenced.catch(() => {})
      await this.#project(tx, mergeChanges(batch))
      await fenced
      crashPoint('projection.beforeCommit')
    }
    // Whoever makes the read model again writes the same rows.
    await this.#service.withoutConflict(() => ports.database.transaction(work))
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
    return now - began
  }
}

/** The ids of all rows that these messages name, by kind, each once. */
export function mergeChanges(batch: readonly LoggedMessage[]): Map<string, (number | string)[]> {
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
