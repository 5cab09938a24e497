import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'

/** A database under construction: moved to its place when complete, so that a kill in between leaves nothing half-made. */
const unfinished = (folder: string) => join(folder, 'database.unfinished')

/** Where the database of an installation folder lies. */
function dataOf(folder: string): string {
  return join(folder, 'database')
}

/** Whether the folder has a database. */
export async function hasDatabase(folder: string): Promise<boolean> {
  return stat(dataOf(folder)).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/**
 * Copies a prepared, cleanly closed database to a folder that has none; far quicker than making one.
 *
 * @throws Error when the target has a database
 */
export async function copyPrepared(from: string, to: string): Promise<void> {
  if (await hasDatabase(to)) throw new Error(`${to} has a database already`)
  await build(to, (target) => copyTree(dataOf(from), target))
}

/** All at once: a thousand files, for which `cp` of node:fs takes four times as long. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to)
  const entries = await readdir(from, { withFileTypes: true })
  await Promise.all(
    entries.map((entry) => (entry.isDirectory() ? copyTree : copyFile)(join(from, entry.name), join(to, entry.name))),
  )
}

/**
 * Makes sure that the folder has a database, and returns where.
 *
 * PostgreSQL's own lock file goes: the claim on the folder is what keeps others out, and one that a kill left empty (between
 * its making and its writing) would keep the database shut for ever.
 */
export async function prepareDataFolder(folder: string): Promise<string> {
  if (!(await hasDatabase(folder))) {
    await build(folder, async (target) => (await PGlite.create(target)).close())
  }
  await rm(join(dataOf(folder), 'postmaster.pid'), { force: true })
  return dataOf(folder)
}

async function build(folder: string, fill: (target: string) => Promise<void>): Promise<void> {
  const target = unfinished(folder)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await rm(target, { recursive: true, force: true })
  await fill(target)
  await rename(target, dataOf(folder))
}
