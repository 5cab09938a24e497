import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyPrepared } from '@comptoir/runtime/pglite'
import { preparedFolder } from '../apps/comptoir/src/prepared-database.ts'

/** Runs `work` with an empty folder, which is removed at the end. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'comptoir-bench-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs `work` with a fresh copy of the prepared database. */
export const withDatabase = <T>(work: (folder: string) => Promise<T>): Promise<T> =>
  withFolder(async (folder) => {
    await copyPrepared(await preparedFolder(), folder)
    return work(folder)
  })
