import { CursorAheadError } from '../log/log.ts'
import { FencedError } from '../log/positions.ts'
import type { Leases } from '../ports/leases.ts'

/** A lone instance: it holds every lease, from the first moment on. What it writes is fenced all the same. */
export const soleLeases = (): Leases => ({
  acquire: async (_, abort) =>
    abort.aborted ? undefined : { lost: new AbortController().signal, release: () => Promise.resolve() },
})

/** A piece of work that one instance does at a time. */
export interface LedWork {
  /** Does it until the signal is aborted. `begun` is called when all is set up. */
  work(until: AbortSignal, begun: () => void): Promise<void>
  /** Told what ended the work, and waits before the next try. */
  troubled(error: unknown): Promise<void>
  /** This instance stands by, and all is well. */
  standingBy(): void
}

/** Whether trying again cannot help: somebody else does the work, or the process must begin anew. */
export const isFinal = (error: unknown): error is FencedError | CursorAheadError =>
  error instanceof FencedError || error instanceof CursorAheadError

/** Work under way: begun for the first time (or in trouble, or to be stopped), and at its end. */
export interface Leading {
  readonly begun: Promise<void>
  readonly ended: Promise<void>
}

/** Does the work whenever this instance holds its lease, until it is to stop. */
export function lead(leases: Leases, name: string, stop: AbortSignal, led: LedWork): Leading {
  let tellBegun = () => {}
  const begun = new Promise<void>((resolve) => {
    tellBegun = resolve
  })
  return { begun, ended: again(leases, name, stop, led, tellBegun).finally(tellBegun) }
}

async function again(leases: Leases, name: string, stop: AbortSignal, led: LedWork, begun: () => void): Promise<void> {
  while (!stop.aborted) {
    // Whatever kept this instance from the work: another one does it now.
    const lease = await leases.acquire(name, stop, () => led.standingBy())
    if (!lease) return
    const until = AbortSignal.any([stop, lease.lost])
    try {
      await led.work(until, begun)
      if (!stop.aborted) led.standingBy()
    } catch (error) {
      begun()
      // Given back before any wait: another instance may be able to do it. This one may have been late with its lease, or
      // cannot reach what it needs, or cannot go on until it is started again.
      await lease.release()
      await led.troubled(error)
      if (isFinal(error)) {
        await aborted(error instanceof CursorAheadError ? stop : until)
        led.standingBy()
      }
    } finally {
      await lease.release()
    }
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
