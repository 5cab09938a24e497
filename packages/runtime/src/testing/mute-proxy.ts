import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands before a server; connections through it can fall silent without being closed, as when a machine vanishes. */
export class MuteProxy {
  readonly #listening = createServer((client) => this.#accept(client))
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  readonly #target: URL
  /** Connections so far. */
  accepted = 0

  private constructor(target: string) {
    this.#target = new URL(target)
  }

  /** @param target the address of the server, as a URL */
  static async before(target: string): Promise<MuteProxy> {
    const proxy = new MuteProxy(target)
    proxy.#listening.listen(0, '127.0.0.1')
    await once(proxy.#listening, 'listening')
    return proxy
  }

  /** The address of the server through this. */
  get url(): string {
    const url = new URL(this.#target)
    url.hostname = '127.0.0.1'
    url.port = String((this.#listening.address() as AddressInfo).port)
    return url.href
  }

  /** The connections that there are now say nothing more in either direction; new ones do. */
  muteAll(): void {
    for (const [client, server] of this.#pairs) {
      client.unpipe(server).resume()
      server.unpipe(client).resume()
    }
  }

  close(): void {
    this.#listening.close()
    for (const [client, server] of this.#pairs) {
      client.destroy()
      server.destroy()
    }
  }

  #accept(client: Socket): void {
    this.accepted += 1
    const server = connect(Number(this.#target.port), this.#target.hostname)
    const pair = [client, server] as const
    this.#pairs.add(pair)
    client.pipe(server).pipe(client)
    for (const socket of pair) {
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#pairs.delete(pair)
        client.destroy()
        server.destroy()
      })
    }
  }
}
