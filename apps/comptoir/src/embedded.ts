import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyPrepared, hasDatabase, openPglite } from '@comptoir/runtime/pglite'
import type { Foundation } from './foundation.ts'
import { preparedFolder } from './prepared-database.ts'

/**
 * PostgreSQL within this process, in a claimed folder.
 *
 * @param onFatal called when the database has broken down and the process must end
 */
export async function openEmbedded(folder: string, onFatal: (error: Error) => void): Promise<Foundation> {
  const prepared = await preparedFolder()
  if (!(await hasDatabase(folder)) && existsSync(prepared)) await copyPrepared(prepared, folder)
  const database = await openPglite({ folder, onFatal })
  return { mode: 'embedded', database, ports: {}, cursorSecret: async () => secretOf(folder), close: () => database.close() }
}

const secretBytes = 32

/** Made at the first start, readable by its owner only. */
function secretOf(folder: string): Uint8Array {
  const file = join(folder, 'secret')
  const kept = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
  if (kept.length === secretBytes) return kept
  const secret = randomBytes(secretBytes)
  // Whole or not at all: a process killed in between must not leave an empty key.
  writeFileSync(`${file}.draft`, secret, { mode: 0o600 })
  renameSync(`${file}.draft`, file)
  return secret
}
