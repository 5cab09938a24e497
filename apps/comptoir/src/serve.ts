import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { claimFolder, type FolderClaim, FolderInUse } from '@comptoir/runtime/pglite/folder-lock'
import type { OpenStore } from './open-store.ts'

export interface ServeOptions {
  readonly port: number
  readonly data: string
  readonly ephemeral: boolean
  readonly json: boolean
  readonly seed: boolean
  readonly demo: boolean
}

/** A stop that takes longer than this leaves the rest to the recovery of the next start. */
const longestStopMs = 4_000

/** Runs the whole store in this process until SIGTERM or SIGINT. */
export async function serve(options: ServeOptions): Promise<void> {
  const folder = options.ephemeral ? mkdtempSync(join(tmpdir(), 'comptoir-')) : resolve(options.data)
  const claim = claimOrExit(folder)
  // However it ends, unless it is killed.
  process.once('exit', () => {
    claim.release()
    if (options.ephemeral) rmSync(folder, { recursive: true, force: true })
  })
  // With nothing to wait for, Node ends the loop's turn with waiting for all of V8's compilers: 0.4 s, until the port is open.
  const awake = setInterval(() => {}, 60_000)
  const opening = open(options, folder)
  stopOnSignals(async () => (await opening).stop())
  const store = await opening
  clearInterval(awake)
  claim.update({ url: store.url })
  const { announce } = await import('./banner.ts')
  announce({
    url: store.url,
    folder: options.ephemeral ? null : relative('.', folder) || '.',
    json: options.json,
    wished: options.port,
    port: store.port,
  })
}

async function open(options: ServeOptions, folder: string): Promise<OpenStore> {
  // Everything heavy is loaded only now: a folder in use is told at once.
  const { openStore } = await import('./open-store.ts')
  return openStore({ ...options, folder, cursorSecret: secretOf(folder), onFatal: fail })
}

function claimOrExit(folder: string): FolderClaim {
  try {
    return claimFolder(folder, {})
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error
    process.stderr.write(`comptoir: ${error.message} (--data DIR)\n`)
    process.exit(1)
  }
}

const secretBytes = 32

/** What signs this installation's cursors: made at the first start, readable by its owner only. */
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

/** The embedded database broke down: whatever it would say from now on may be wrong, so the process ends; what it acknowledged is on the disk. */
function fail(error: Error): void {
  process.stderr.write(`comptoir: ${error.message}. What was acknowledged is kept: start it again.\n`)
  process.exit(70)
}

function stopOnSignals(stop: () => Promise<void>): void {
  let stopping = false
  const end = () => {
    // npm and the shell may both pass the signal on.
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(0), longestStopMs).unref()
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`comptoir: ${String(error)}\n`)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}
