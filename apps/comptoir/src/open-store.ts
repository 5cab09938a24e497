import { existsSync } from 'node:fs'
import { copyPrepared, hasDatabase, openPglite } from '@comptoir/runtime/pglite'
import type { FastifyInstance } from 'fastify'
import { Demo } from './demo.ts'
import { Embedded } from './embedded.ts'
import { buildServer } from './http.ts'
import { StoreMetrics } from './metrics.ts'
import { preparedFolder } from './prepared-database.ts'

export interface StoreOptions {
  /** The claimed data folder. */
  readonly folder: string
  readonly port: number
  readonly seed: boolean
  readonly demo: boolean
  readonly cursorSecret: Uint8Array
  /** Called when the database has broken down and the process must end. */
  readonly onFatal: (error: Error) => void
}

/** The store, listening. */
export interface OpenStore {
  readonly url: string
  readonly port: number
  /** Closes the intake, finishes what is in hand, closes the database. */
  stop(): Promise<void>
}

/** Requests that wait for a saga get this long at a stop. */
const patienceMs = 1_500

export async function openStore({ folder, port, seed, demo, cursorSecret, onFatal }: StoreOptions): Promise<OpenStore> {
  const prepared = await preparedFolder()
  if (!(await hasDatabase(folder)) && existsSync(prepared)) await copyPrepared(prepared, folder)
  const database = await openPglite({ folder, onFatal })
  const embedded = await Embedded.start(database, { seed })
  const metrics = new StoreMetrics(embedded)
  let stopping = false
  let publicUrl = process.env.PUBLIC_URL?.replace(/\/+$/, '')
  const notReady = () => (stopping ? ['the process is stopping'] : embedded.troubles)
  const server = await buildServer({ embedded, metrics, publicUrl: () => publicUrl ?? '', cursorSecret, notReady })
  const chosen = await listenFrom(server, port)
  const url = `http://127.0.0.1:${chosen}`
  publicUrl ??= url
  const demonstration = demo ? new Demo(url, embedded.store) : undefined
  return {
    url,
    port: chosen,
    async stop() {
      stopping = true
      demonstration?.stop()
      const hurry = setTimeout(() => server.server.closeAllConnections(), patienceMs)
      await server.close()
      clearTimeout(hurry)
      await embedded.stop()
      metrics.close()
      await database.close()
    },
  }
}

/** Listens on the port, or the next one that is free. */
async function listenFrom(server: FastifyInstance, port: number): Promise<number> {
  for (let candidate = port; ; candidate += 1) {
    try {
      await server.listen({ host: '127.0.0.1', port: candidate })
      const address = server.server.address()
      return typeof address === 'object' && address ? address.port : candidate
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || candidate >= port + 100) throw error
    }
  }
}
