import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Database, lonePorts, surveySagas } from '@comptoir/runtime'
import { hasDatabase, openPglite } from '@comptoir/runtime/pglite'
import { claimFolder } from '@comptoir/runtime/pglite/folder-lock'
import { shownAddress } from '../addresses.ts'
import { CommandFailure } from '../command-failure.ts'
import { servicesOn } from '../installation.ts'
import { refuseMoved } from '../moved.ts'
import { openServer } from '../open-server.ts'
import { services as names } from '../services.ts'
import { exampleCeiling } from './examples.ts'
import type { StoreReport } from './report.ts'

/**
 * Looks what is open in a store, and whether this code ends it. Writes nothing: the role that reads is enough.
 *
 * @param place the address of a database, or a data folder that no process serves
 * @throws CommandFailure when it cannot be looked at
 */
export async function lookAtStore(place: string): Promise<StoreReport> {
  if (!/^\w+:\/\//.test(place)) return lookAtFolder(resolve(place))
  const shown = shownAddress(place, '--against')
  const database = await openServer(place, 'comptoir check', '--against')
  try {
    return await look(database, shown)
  } finally {
    await database.close()
  }
}

/** Of all that is open, what this code would strand. */
export const strandedTexts = ({ open }: StoreReport): string[] =>
  open.flatMap((sagas) => (sagas.fate === 'stranded' ? [sagas.text] : []))

async function lookAtFolder(folder: string): Promise<StoreReport> {
  if (!(existsSync(folder) && (await hasDatabase(folder))))
    throw new CommandFailure(`there is no store in ${folder}: name its folder, or the address of its database, with --against`)
  refuseMoved(folder)
  const claim = claimFolder(folder, {})
  try {
    const database = await openPglite({ folder })
    try {
      return await look(database, folder)
    } finally {
      await database.close()
    }
  } finally {
    claim.release()
  }
}

function look(database: Database, place: string): Promise<StoreReport> {
  return database.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read read only')
    const found = await tx.query<{ name: string }>(
      `select name from unnest($1::text[]) as s(name) where to_regclass(name || '.saga_open') is not null`,
      [names],
    )
    if (found.length === 0) throw new CommandFailure(`${place} has no sagas: --against wants the database of a store`)
    const code = servicesOn(lonePorts(database), 1, exampleCeiling)
    return { place, open: await surveySagas(tx, { schemas: found.map(({ name }) => name), code, served: code }) }
  })
}
