import { type Answer, Client } from '../kit/client.ts'

/** A client whose server may die at any moment. */
export class MortalClient {
  readonly #client: Client

  constructor(url: string, patienceMs?: number) {
    this.#client = new Client(url, patienceMs)
  }

  /** Undefined when the connection ended before an answer came. @throws when the server lives and says nothing */
  async send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer | undefined> {
    try {
      return await this.#client.send(method, path, body, headers)
    } catch (error) {
      // What fetch throws when a connection breaks; a time-out is a DOMException.
      if (error instanceof TypeError) return undefined
      throw error
    }
  }
}
