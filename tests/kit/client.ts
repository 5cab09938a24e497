/** What came back, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** @throws when the text is not JSON */
  json<T = Record<string, unknown>>(): T
}

/** In milliseconds: longer than any request asks to wait (`Prefer: wait=20`). */
const hangMs = 30_000

/** A client of the HTTP API that uses no more than `fetch`, as old clients would. */
export class Client {
  readonly url: string
  readonly #patienceMs: number

  /** @param url where the server is, without a slash at the end; @param patienceMs no answer within this time is a hang */
  constructor(url: string, patienceMs = hangMs) {
    this.url = url
    this.#patienceMs = patienceMs
  }

  /** Sends a request. A body that is text or bytes goes as it is, any other as JSON; `application/json` unless a header says otherwise. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const raw = typeof body === 'string' || body instanceof Uint8Array
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(this.#patienceMs),
    })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, text, json: <T>() => JSON.parse(text) as T }
  }

  get(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.send('GET', path, undefined, headers)
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.send('POST', path, body, headers)
  }

  put(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.send('PUT', path, body, headers)
  }

  delete(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.send('DELETE', path, undefined, headers)
  }
}
