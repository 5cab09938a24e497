import { CommandFailure } from './command-failure.ts'

/** Milliseconds between the end of readiness and that of the intake; none where nobody asks whether it is ready. */
export function drainTime(): number {
  const text = process.env.DRAIN_MS ?? '0'
  if (!/^\d{1,5}$/.test(text)) throw new CommandFailure('DRAIN_MS is a number of milliseconds, at most 99999: correct it.')
  return Number(text)
}
