import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, ownProcess, type ProcessIdentity } from './process-identity.ts'

/** What the holder of a folder tells about itself: where it serves, for example. */
export type HolderDetails = Readonly<Record<string, string | number>>

/** Who holds a folder. */
export interface Holder extends ProcessIdentity {
  /** Of this claim, unique. */
  readonly claim: string
  readonly details: HolderDetails
}

/** A claimed folder. */
export interface FolderClaim {
  /** Replaces what the lock tells about its holder; without effect after the release. */
  update(details: HolderDetails): void
  /** Gives the folder back. */
  release(): void
}

export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
  readonly holder: Holder

  constructor(folder: string, holder: Holder) {
    const details = Object.entries(holder.details).map(([name, value]) => `, ${name} ${value}`)
    super(
      `${folder} is in use by process ${holder.pid}${details.join('')}. ` +
        'Two processes on one folder would destroy it: stop that process, or give this one another folder.',
    )
    this.holder = holder
  }
}

/**
 * Claims a folder for this process, by the file `comptoir.lock`: PGlite itself does not notice a second process.
 *
 * The file appears complete or not at all, because it is a link to a finished draft, and links do not replace. The lock of a
 * dead process is taken over by creating its successor, a file named after the dead claim: only one process can create it,
 * and it counts as the lock until it has been moved into place. A successor whose owner died has a successor in its turn.
 *
 * @param details shown to whoever finds the folder in use
 * @throws FolderInUse
 */
export function claimFolder(folder: string, details: HolderDetails): FolderClaim {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = lockOf(folder)
  const own: Holder = { ...ownProcess(), claim: randomUUID(), details }
  const draft = `${lock}.draft.${own.claim}`
  writeFileSync(draft, JSON.stringify(own), { mode: 0o600 })
  try {
    while (!tryClaim(folder, draft)) {
      // A rival was quicker: look again who holds the folder now.
    }
  } finally {
    rmSync(draft, { force: true })
  }
  const isHeld = () => read(lock)?.claim === own.claim
  return {
    update(changed) {
      if (!isHeld()) return
      writeFileSync(draft, JSON.stringify({ ...own, details: changed }), { mode: 0o600 })
      renameSync(draft, lock)
    },
    release() {
      if (isHeld()) rmSync(lock)
    },
  }
}

/** Who holds the folder, if a live process does. */
export function readHolder(folder: string): Holder | undefined {
  const holder = succession(lockOf(folder)).at(-1)
  return holder && isAlive(holder) ? holder : undefined
}

/** @throws FolderInUse */
function tryClaim(folder: string, draft: string): boolean {
  const lock = lockOf(folder)
  const dead = succession(lock)
  const last = dead.at(-1)
  if (!last) return link(draft, lock)
  if (isAlive(last)) throw new FolderInUse(folder, last)
  const successor = successorOf(lock, last)
  if (!link(draft, successor)) return false
  // Unless the whole succession was settled, and its files removed, since we read it.
  if (read(lock)?.claim !== dead[0]?.claim) {
    rmSync(successor)
    return false
  }
  renameSync(draft, lock)
  for (const holder of dead) rmSync(successorOf(lock, holder), { force: true })
  return true
}

/** The holder that the lock names and those who succeeded it; the last one counts. */
function succession(lock: string): Holder[] {
  const holders: Holder[] = []
  for (let next = read(lock); next; next = read(successorOf(lock, next))) holders.push(next)
  return holders
}

function lockOf(folder: string): string {
  return join(folder, 'comptoir.lock')
}

function successorOf(lock: string, holder: Holder): string {
  return `${lock}.after.${holder.claim}`
}

/** False if the target exists. */
function link(draft: string, target: string): boolean {
  try {
    linkSync(draft, target)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Undefined if there is no such file. A file that cannot be understood was left by a crashed machine: its holder is dead. */
function read(file: string): Holder | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    return parseHolder(text)
  } catch {
    return { pid: 0, started: 'unreadable', claim: 'unreadable', details: {} }
  }
}

function parseHolder(text: string): Holder {
  const { pid, started, claim, details } = JSON.parse(text) as Holder
  if (!Number.isInteger(pid) || pid < 1 || typeof started !== 'string' || !/^[\w-]+$/.test(claim))
    throw new TypeError('no holder')
  return { pid, started, claim, details }
}
