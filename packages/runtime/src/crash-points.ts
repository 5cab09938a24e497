/**
 * Every effect boundary has a name. Armed with `COMPTOIR_CRASH_AT=name` or `name:n` (the n-th time), the process kills
 * itself there as SIGKILL would, so that a test can prove that any line can be the last. Not armed, a point costs one
 * comparison.
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

const [armed, nth = '1'] = (process.env.COMPTOIR_CRASH_AT ?? '').split(':')
let remaining = Number(nth)

/** Dies here when this point is armed. */
export function crashPoint(point: CrashPoint): void {
  if (armed !== point) return
  remaining -= 1
  if (remaining === 0) process.kill(process.pid, 'SIGKILL')
}
