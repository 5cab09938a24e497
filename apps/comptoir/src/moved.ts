import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandFailure } from './command-failure.ts'

/** What a folder says about its data when they were moved to a server, or are on their way. */
export interface Move {
  /** Of this move; the server holds the same one when everything has arrived. */
  readonly token: string
  /** Where to, without the password. */
  readonly to: string
  /** Whether everything is known to have arrived. */
  readonly ended: boolean
}

const fileOf = (folder: string): string => join(folder, 'moved')

export function readMove(folder: string): Move | undefined {
  return existsSync(fileOf(folder)) ? (JSON.parse(readFileSync(fileOf(folder), 'utf8')) as Move) : undefined
}

export function writeMove(folder: string, move: Move): void {
  // Whole or not at all.
  writeFileSync(`${fileOf(folder)}.draft`, `${JSON.stringify(move)}\n`, { mode: 0o600 })
  renameSync(`${fileOf(folder)}.draft`, fileOf(folder))
}

/** Nothing has arrived: the folder is what it was. */
export function forgetMove(folder: string): void {
  rmSync(fileOf(folder), { force: true })
}

/**
 * The data of a store are served in one place.
 *
 * @throws CommandFailure when those of this folder were moved to a server, or perhaps were
 */
export function refuseMoved(folder: string): void {
  const move = readMove(folder)
  if (!move) return
  const file = fileOf(folder)
  throw new CommandFailure(
    move.ended
      ? `the data of ${folder} were moved to ${move.to}: set DATABASE_URL to it. What was done there since is not in the folder; remove ${file} to use it again as it was.`
      : `a move of the data of ${folder} to ${move.to} was interrupted: run \`comptoir move\` again with that DATABASE_URL, it finds out what has arrived. Or, when nothing serves them there, remove ${file} to go on here.`,
  )
}
