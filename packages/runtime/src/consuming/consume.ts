import { crashPoint } from '../crash-points.ts'
import { isFinal } from '../leading/leading.ts'
import type { Inlet } from '../log/inlet.ts'
import { isTooSlow, isTransient } from '../ports/database.ts'
import type { Service } from '../service.ts'
import type { Trouble } from '../trouble.ts'
import { Failures } from './failures.ts'
import type { Handling } from './handling.ts'
import { heldKeys, releaseUnknown } from './held.ts'
import type { HeldKeys } from './held-keys.ts'

/** Messages in one transaction, at most. */
export const batchLimit = 500

/** A consumer at work. On trouble it says so in `trouble` and goes on trying. */
export interface Consumer {
  /** Why nothing is consumed just now; null when all is well. For readiness. */
  readonly trouble: string | null
  /** Begins to consume, or to stand by; resolves when it has begun, or is in trouble. */
  start(): Promise<void>
  /** Finishes the transaction in hand and stops between two. */
  stop(): Promise<void>
}

/** What both kinds of consumer do: take what has come, handle it, wait for more. */
export class ConsumeLoop {
  readonly service: Service
  readonly failures = new Failures()
  readonly trouble: Trouble

  constructor(service: Service, trouble: Trouble) {
    this.service = service
    this.trouble = trouble
  }

  /**
   * @param before called before each look
   * @param waitMs how long to wait when nothing came
   * @throws what is final (see `isFinal`)
   */
  async run(
    inlet: Inlet,
    handling: Handling,
    until: AbortSignal,
    before: () => Promise<void>,
    waitMs: () => number,
  ): Promise<void> {
    // After what took too long, few together: until the one that does it stands alone, or the server is quick again.
    let limit = batchLimit
    while (!until.aborted) {
      const inTrouble = this.trouble.text !== null
      try {
        await before()
        // In trouble it reads on: whether others succeed tells poison from an outage.
        await inlet.poll(batchLimit, inTrouble ? batchLimit : 1)
        crashPoint('consumer.afterRead')
        const batch = inlet.next(inTrouble || handling.careful ? 1 : limit)
        if (batch.length > 0) await handling.handle(batch)
        limit = Math.min(2 * limit, batchLimit)
        this.trouble.over()
        if (batch.length < batchLimit && inlet.next(1).length === 0) await inlet.wait(waitMs(), until)
      } catch (error) {
        if (isFinal(error)) throw error
        // What is pending stays: read again from positions that cannot move, it would stand before the culprit each time.
        if (isTooSlow(error)) limit = 1
        else if (isTransient(error)) inlet.rewind()
        await this.trouble.pause(error, until)
      }
    }
  }
}

/** What an earlier process held; of it, what no code knew and this one does, is due again. */
export async function findHeld({ name, ports, routing }: Service, held: HeldKeys): Promise<void> {
  await releaseUnknown(ports.database, name, routing.definitions)
  held.resume(await heldKeys(ports.database, name))
}
