import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '@comptoir/runtime'
import { claimFolder, openPglite } from '@comptoir/runtime/pglite'

/** A folder for the data of one test, and what is needed to look into it between two processes. */
export class DataFolder {
  readonly path: string
  readonly #base: string

  private constructor(base: string) {
    this.#base = base
    this.path = join(base, 'data')
  }

  /** @param from the data to begin with: a copy of another folder, whose process is gone */
  static async make(from?: DataFolder): Promise<DataFolder> {
    const folder = new DataFolder(await mkdtemp(join(tmpdir(), 'comptoir-crash-')))
    if (from) await cp(from.path, folder.path, { recursive: true })
    return folder
  }

  /** Opens the database as the next process would, recovery included. The process before must be gone. */
  async open<T>(look: (database: Database) => Promise<T>): Promise<T> {
    const claim = claimFolder(this.path, {})
    try {
      const database = await openPglite({ folder: this.path })
      try {
        return await look(database)
      } finally {
        await database.close()
      }
    } finally {
      claim.release()
    }
  }

  /** Looks at a copy, so that what the dead process left is still there for the next one to recover from. */
  async inspect<T>(look: (database: Database) => Promise<T>): Promise<T> {
    const copy = await DataFolder.make(this)
    try {
      return await copy.open(look)
    } finally {
      await copy.remove()
    }
  }

  remove(): Promise<void> {
    return rm(this.#base, { recursive: true, force: true })
  }
}
