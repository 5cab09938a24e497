import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keepPartitions } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { migrateAll, migrations } from './instance.ts'
import { services } from './services.ts'

/*
 * A new database takes PGlite seconds to make, a copy of a prepared one half a second. So one is prepared at install time,
 * under a name that changes with the migrations and with PGlite.
 */

const cache = fileURLToPath(new URL('../../../node_modules/.cache/comptoir/', import.meta.url))

/** The folder of the prepared database that fits this code, whether it exists or not. */
export async function preparedFolder(): Promise<string> {
  const hash = createHash('sha256')
  // The package's own file, because its exports do not name its package.json.
  hash.update(await readFile(new URL('../package.json', import.meta.resolve('@electric-sql/pglite'))))
  for (const { owner, folder } of migrations) {
    for (const file of (await readdir(fileURLToPath(folder))).sort()) {
      if (file.endsWith('.sql')) hash.update(`${owner} ${file}\n`).update(await readFile(new URL(file, folder)))
    }
  }
  return join(cache, `database-${hash.digest('hex').slice(0, 16)}`)
}

/** Makes the prepared database, unless it is there. */
export async function prepareDatabase(): Promise<void> {
  const folder = await preparedFolder()
  if (existsSync(folder)) return
  const draft = `${folder}.draft-${process.pid}`
  await mkdir(draft, { recursive: true })
  const database = await openPglite({ folder: draft })
  await migrateAll(database)
  // Those of today and the next days: half a second less for a start that comes soon.
  await keepPartitions(database, services, Date.now())
  await database.script('checkpoint')
  await database.close()
  // Whoever comes second finds the first one's, which is as good.
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }))
}
