import type { PGlite } from '@electric-sql/pglite'

/** The status with which PGlite marks the exception that is PostgreSQL's own longjmp after an ERROR. */
const LONGJMP = 100

/** Tells what broke the WebAssembly instance, if anything did. */
export type CrashGuard = () => unknown

/**
 * PGlite swallows every exception of the WebAssembly instance and goes on with the next message: after a stack overflow or
 * an abort in the middle of a pipeline it would run the COMMIT that follows, and half a transaction would be kept (seen with
 * 0.5.16, reliability F7 and F31). The guard remembers such an exception and leaves PGlite's loop at once; the place to
 * leave it is `stackRestore`, the first thing the loop calls after a catch and outside of any.
 */
export function guardAgainstCrashes(pglite: PGlite): CrashGuard {
  const module = pglite.Module
  const { _PostgresMainLoopOnce: step, stackRestore } = module
  let crash: unknown
  module._PostgresMainLoopOnce = () => {
    try {
      step()
    } catch (error) {
      if (!isLongjmp(error)) crash ??= error
      throw error
    }
  }
  module.stackRestore = (stack) => {
    const restored = stackRestore(stack)
    if (crash !== undefined) throw crash
    return restored
  }
  return () => crash
}

function isLongjmp(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'status' in error && error.status === LONGJMP
}
