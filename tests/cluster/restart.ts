import type { Server } from '../../scripts/servers/own.mjs'
import type { Fault } from './storm.ts'

/** A server that is stopped, or killed, and started again. */
export const restart = (server: Server, how: 'clean' | 'kill', name = 'PostgreSQL'): Fault => ({
  what: how === 'kill' ? `${name} is killed` : `${name} is restarted`,
  async act() {
    await server.stop(how)
    await server.start()
  },
})
