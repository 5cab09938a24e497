import { DatabaseError, type Value } from '../ports/database.ts'

/** Far above what any message needs (32), far below where the server's recursion breaks the WebAssembly stack (5,500). */
const DEEPEST = 1000
/** A shorter text cannot reach the breaking depth, whatever it contains. */
const HARMLESS_LENGTH = 2048

/**
 * Refuses JSON that would overflow the WebAssembly stack: such a statement is not an error to PGlite, it destroys the
 * session (reliability F31).
 *
 * @throws DatabaseError 54001, as PostgreSQL would
 */
export function refuseDeepJson(value: Value): void {
  if (Array.isArray(value)) value.forEach(refuseDeepJson)
  else if (typeof value === 'string' && value.length > HARMLESS_LENGTH && depthOf(value) > DEEPEST) {
    throw new DatabaseError(`JSON is nested deeper than ${DEEPEST} levels`, '54001')
  }
}

/** The deepest level of brackets outside strings; also of texts that are no JSON. */
function depthOf(json: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at]
    if (inString) {
      if (character === '\\') at += 1
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '[' || character === '{') {
      depth += 1
      deepest = Math.max(deepest, depth)
    } else if (character === ']' || character === '}') depth -= 1
  }
  return deepest
}
