import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * Below the ports that a system gives to outgoing connections. One of those could be taken while a server is down, even by
 * its own client: who tries again and again to connect to a closed port of them ends up connected to itself.
 */
const range = { first: 15_000, count: 15_000 }

/** By this process, for servers that may not listen yet, or be down for a while. */
const given = new Set()

async function isFree(port) {
  const probe = createServer().listen({ host: '127.0.0.1', port })
  try {
    await once(probe, 'listening')
    return true
  } catch (error) {
    if (error.code === 'EADDRINUSE') return false
    throw error
  } finally {
    probe.close()
  }
}

/** A port of 127.0.0.1 that nobody listens on, at random, so that several who look at the same time find different ones. */
export async function freePort() {
  for (;;) {
    const port = range.first + Math.floor(Math.random() * range.count)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
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
