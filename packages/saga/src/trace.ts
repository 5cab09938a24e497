import { hash64 } from './fingerprint.ts'

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/
/** Types of messages are few. */
const spans = new Map<string, string>()

function spanOf(what: string): string {
  if (uuid.test(what)) return what.slice(-17).replace('-', '')
  const known = spans.get(what) ?? hash64(what)
  spans.set(what, known)
  return known
}

/**
 * The `traceparent` of a message or call: all of one saga are one trace, whose id is the saga's without its dashes, so that
 * nothing need be stored with a message, and a saga's trace is found by its id. The same message names the same span, however
 * often it is sent. (W3C Trace Context, section 3.2; sampled, or receivers would record nothing.)
 *
 * @param saga its id, a UUID
 * @param what the type of a saga's message, or the id (a UUID) of one that has its own
 */
export const traceParent = (saga: string, what: string): string => `00-${saga.replaceAll('-', '')}-${spanOf(what)}-01`
