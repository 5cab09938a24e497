import type { Database, Project } from '@comptoir/runtime'
import { projectStore } from './projection.ts'
import { rebuildReadModel, shownSchema } from './rebuild.ts'

/** The store's read model as one process keeps it: the projection of every change, and the rebuild. */
export class ReadModel {
  #kept: readonly string[] = [shownSchema]
  #rebuilding: Promise<number> | undefined

  /** The schemas that hold the read model just now: the one that is read, and during a rebuild the one that will be. */
  get kept(): readonly string[] {
    return this.#kept
  }

  /** Applies changes; for the projector. */
  readonly project: Project = async (tx, changes) => {
    for (const schema of this.#kept) await projectStore(tx, changes, schema)
  }

  /**
   * Makes the read model again from the write tables, while it is read and orders flow; joins a rebuild that is under way.
   *
   * @returns how many orders it was made from
   * @throws DatabaseError: the read model is then the one from before
   */
  rebuild(database: Database): Promise<number> {
    this.#rebuilding ??= rebuildReadModel(database, (schemas) => {
      this.#kept = schemas
    }).finally(() => {
      this.#rebuilding = undefined
    })
    return this.#rebuilding
  }
}
