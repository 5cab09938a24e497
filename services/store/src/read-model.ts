import type { Ports, Project } from '@comptoir/runtime'
import { projectStore } from './projection.ts'
import { discardRebuild, rebuildReadModel, schemasToWrite } from './rebuild.ts'

/** Held by the instance that rebuilds. */
const lease = 'store.rebuild'

/** Applies changes to the read model; for the projector. */
export const projectReadModel: Project = async (tx, changes) => {
  for (const schema of await schemasToWrite(tx)) await projectStore(tx, changes, schema)
}

/** The rebuilds of the store's read model, as one process asks for them. */
export class Rebuilds {
  readonly #ports: Pick<Ports, 'database' | 'leases'>
  readonly #stop = new AbortController()
  #rebuilding: Promise<number> | undefined
  #discarding: Promise<unknown> | undefined

  constructor(ports: Pick<Ports, 'database' | 'leases'>) {
    this.#ports = ports
  }

  /**
   * Makes the read model again from the write side, while it is read and orders flow; joins a rebuild of this process, and
   * waits for the end of another's.
   *
   * @returns how many orders it was made from
   * @throws DatabaseError: the read model is then the one from before
   */
  rebuild(): Promise<number> {
    this.#rebuilding ??= this.#alone(rebuildReadModel).finally(() => {
      this.#rebuilding = undefined
    })
    return this.#rebuilding
  }

  /** Drops what a rebuild left that did not come to its end, as soon as no instance rebuilds. */
  async discard(): Promise<void> {
    this.#discarding = this.#alone(discardRebuild)
    await this.#discarding
  }

  /** Waits for nobody any more. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.allSettled([this.#discarding, this.#rebuilding])
  }

  async #alone<T>(work: (database: Ports['database']) => Promise<T>): Promise<T> {
    const held = await this.#ports.leases.acquire(lease, this.#stop.signal)
    if (!held) throw new Error('the process is stopping: ask another instance')
    try {
      return await work(this.#ports.database)
    } finally {
      await held.release()
    }
  }
}
