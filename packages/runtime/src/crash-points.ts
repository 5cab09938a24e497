/**
 * Every effect boundary has a name. Armed with `COMPTOIR_CRASH_AT=name` or `name:n` (the n-th time), the process kills
 * itself there as SIGKILL would, so that a test can prove that any line can be the last. With `COMPTOIR_STOP_AT` it stands
 * still there, transaction open, until SIGCONT. One point is armed at a time; not armed, a point costs one comparison.
 */
export const crashPoints = [
  'entry.beforeTransaction',
  'entry.afterHandler',
  'entry.beforeCommit',
  'entry.afterCommit',
  'consumer.afterRead',
  'consumer.afterFence',
  'consumer.afterInbox',
  'consumer.afterLocks',
  'consumer.afterHandlers',
  'consumer.beforeCommit',
  'consumer.afterCommit',
  'held.beforeHold',
  'held.afterHold',
  'held.beforeRetry',
  'held.afterRetry',
  'work.beforeCommit',
  'work.afterCommit',
  'projection.afterRead',
  'projection.beforeCommit',
  'projection.afterCommit',
  'relay.afterRead',
  'relay.afterPublish',
] as const
export type CrashPoint = (typeof crashPoints)[number]

const { COMPTOIR_CRASH_AT, COMPTOIR_STOP_AT } = process.env
const signal = COMPTOIR_STOP_AT === undefined ? 'SIGKILL' : 'SIGSTOP'
const [armed, nth = '1'] = (COMPTOIR_STOP_AT ?? COMPTOIR_CRASH_AT ?? '').split(':')
let remaining = Number(nth)

/** Dies, or stands still, here when this point is armed. */
export function crashPoint(point: CrashPoint): void {
  if (armed !== point) return
  remaining -= 1
  if (remaining === 0) process.kill(process.pid, signal)
}
