import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * Below the ports that a system gives to outgoing connections. One of those could be taken while a server is down, even by
 * its own client: who tries again and again to connect to a closed port of them ends up connected to itself.
 */
const range = { first: 15_000, count: 15_000 }

/**
 * Whether the port is ours from now on, until this process ends: another one of the tests must not find it free while a server
 * does not listen yet, or is down for a while. Told by an abstract socket, which goes with its process.
 */
async function claim(port) {
  // Elsewhere there are no such sockets, and chance must do.
  if (process.platform !== 'linux') return true
  const claimed = createServer().listen(`\0comptoir-port-${port}`)
  claimed.unref()
  return listening(claimed)
}

async function isFree(port) {
  const probe = createServer().listen({ host: '127.0.0.1', port })
  try {
    return await listening(probe)
  } finally {
    probe.close()
  }
}

/** Whether a server that was told to listen does; somebody else may. */
async function listening(server) {
  try {
    await once(server, 'listening')
    return true
  } catch (error) {
    if (error.code === 'EADDRINUSE') return false
    throw error
  }
}

/** A port of 127.0.0.1 that nobody listens on, at random, so that several who look at the same time find different ones. */
export async function freePort() {
  for (;;) {
    const port = range.first + Math.floor(Math.random() * range.count)
    if ((await claim(port)) && (await isFree(port))) return port
  }
}

/** The first bytes that a server says to these; empty when it says nothing, or does not listen. */
export async function answerOf(port, bytes) {
  const socket = connect({ host: '127.0.0.1', port, timeout: 1000 })
  try {
    return await new Promise((resolve) => {
      const silence = () => resolve(Buffer.alloc(0))
      socket.once('data', resolve).once('error', silence).once('close', silence).once('timeout', silence)
      socket.write(bytes)
    })
  } finally {
    socket.destroy()
  }
}

/** Whether a server takes connections. */
export async function listens(port) {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
