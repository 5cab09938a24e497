// @ts-check
/** The services over HTTP, and their failures in words. */

/** A request that got no good answer; `message` says what happened and what to do. */
export class Failure extends Error {
  /** @param {string} message @param {number} status 0 when there was no answer at all */
  constructor(message, status) {
    super(message)
    this.name = 'Failure'
    this.status = status
  }
}

/** @param {string} path */
export const read = (path) => request('GET', path, undefined, 5_000)

/** An act may wait for its saga's end, 10 s at most. @param {string} method @param {string} path @param {object} [body] */
export const act = (method, path, body) => request(method, path, body, 15_000)

/**
 * @param {string} method @param {string} path @param {object | undefined} body @param {number} patience in ms
 * @returns {Promise<any>} the body of the answer
 */
async function request(method, path, body, patience) {
  const content = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  try {
    const response = await fetch(path, { method, cache: 'no-store', signal: AbortSignal.timeout(patience), ...content })
    const text = await response.text()
    if (response.ok) return text === '' ? {} : JSON.parse(text)
    throw new Failure(problemWords(response.status, path, text), response.status)
  } catch (error) {
    if (error instanceof Failure) throw error
    if (error instanceof SyntaxError) throw new Failure(`${path} did not answer in JSON. Is another program on this port?`, 502)
    throw new Failure('The server does not answer. Start it with “npm start”; this page reconnects by itself.', 0)
  }
}

/** @param {number} status @param {string} path @param {string} text */
function problemWords(status, path, text) {
  try {
    const { detail, title } = JSON.parse(text)
    if (detail || title) return `${detail || title} (${status})`
  } catch {
    // Not a problem document: a proxy, perhaps.
  }
  return status >= 500
    ? `The server failed on ${path} (${status}). Its log tells why; this page keeps trying.`
    : `The server refused ${path} (${status}). Is this page of the same version as the server?`
}
