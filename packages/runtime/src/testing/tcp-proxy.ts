import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server on which one can listen, and which one can cut. */
export interface TcpProxy {
  /** What `url` becomes when it goes this way. */
  through(url: string): string
  /** Called with each chunk on its way to the server; `false` keeps it from getting there. */
  onRequest: (chunk: Buffer) => boolean | undefined
  /** Called with each chunk on its way back; `false` keeps it from getting there. */
  onAnswer: (chunk: Buffer) => boolean | undefined
  /** Cuts all connections. */
  cut(): void
  close(): Promise<void>
}

/** Opens a way to the server of a URL. */
export async function tcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    const pass = (from: Socket, to: Socket, on: (chunk: Buffer) => boolean | undefined) => {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('data', (chunk) => on(chunk) !== false && to.write(chunk))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
    pass(client, upstream, (chunk) => proxy.onRequest(chunk))
    pass(upstream, client, (chunk) => proxy.onAnswer(chunk))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: TcpProxy = {
    through(url) {
      const through = new URL(url)
      through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
      return through.href
    },
    onRequest: () => undefined,
    onAnswer: () => undefined,
    cut() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    async close() {
      proxy.cut()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}
