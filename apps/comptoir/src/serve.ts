import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { claimFolder, type FolderClaim, FolderInUse } from '@comptoir/runtime/pglite/folder-lock'
import { type Duration, milliseconds } from '@comptoir/saga'
import { type Addresses, addressesFrom, shownAddress } from './addresses.ts'
import { CommandFailure } from './command-failure.ts'
import { drainTime } from './drain-time.ts'
import type { Foundation } from './foundation.ts'
import type { Links } from './links.ts'
import { refuseMoved } from './moved.ts'
import type { OpenStore } from './open-store.ts'
import type { ServiceName } from './services.ts'

export interface ServeOptions {
  readonly port: number
  readonly service: ServiceName | 'all'
  readonly data: string
  readonly ephemeral: boolean
  readonly json: boolean
  readonly seed: boolean
  readonly demo: boolean
  /** How long an order waits for its payment: `30m`. */
  readonly payWithin: string
}

/** A stop that takes longer than this leaves the rest to the recovery of the next start. */
const longestStopMs = 4_000

/** Runs the store, or one service of it, in this process until SIGTERM or SIGINT. */
export async function serve(options: ServeOptions): Promise<void> {
  const addresses = addressesFrom(process.env)
  const { database, own, knows } = addresses
  if (options.service !== 'all' && !knows.includes(options.service))
    throw new CommandFailure(
      `the service ${options.service} has no database: set DATABASE_URL, or ${options.service.toUpperCase()}_DATABASE_URL`,
    )
  const payWithin = durationOf(options.payWithin)
  const ground = database || Object.keys(own).length > 0 ? await onServers(addresses) : onFolder(options)
  // With nothing to wait for, Node ends the loop's turn with waiting for all of V8's compilers: 0.4 s, until the port is open.
  const awake = setInterval(() => {}, 60_000)
  const opening = open({ ...options, payWithin }, addresses, ground.open)
  stopOnSignals(async () => (await opening).stop())
  const store = await opening
  clearInterval(awake)
  ground.serving(store.url)
  const { announce } = await import('./banner.ts')
  announce({
    ...ground,
    kafka: addresses.kafka !== undefined,
    redis: addresses.redis !== undefined,
    url: store.url,
    serves: options.service,
    json: options.json,
    wished: options.port,
    port: store.port,
  })
}

/** Where the data are, and how they are opened. Everything heavy is loaded only then: a folder in use is told at once. */
interface Ground {
  readonly mode: Foundation['mode']
  /** For people; null when it is removed at the end. */
  readonly data: string | null
  open(links: Links): Promise<Foundation>
  serving(url: string): void
}

async function onServers({ database, own, knows }: Addresses): Promise<Ground> {
  const { openDistributed } = await import('./distributed.ts')
  const urls = [...new Set([database, ...Object.values(own)])].flatMap((url) => url ?? [])
  const [first = ''] = urls
  const data = urls.map((url) => shownAddress(url)).join(', ')
  return {
    mode: 'postgres',
    data,
    open: ({ signals }) => openDistributed(database ?? first, { own, knows, signals }),
    serving() {},
  }
}

function onFolder(options: ServeOptions): Ground {
  const folder = options.ephemeral ? mkdtempSync(join(tmpdir(), 'comptoir-')) : resolve(options.data)
  refuseMoved(folder)
  const claim = claimOrExit(folder)
  // However it ends, unless it is killed.
  process.once('exit', () => {
    claim.release()
    if (options.ephemeral) rmSync(folder, { recursive: true, force: true })
  })
  return {
    mode: 'embedded',
    data: options.ephemeral ? null : relative('.', folder) || '.',
    open: async () => (await import('./embedded.ts')).openEmbedded(folder, fail),
    serving: (url) => claim.update({ url }),
  }
}

async function open(
  { port, seed, demo, service, payWithin }: Omit<ServeOptions, 'payWithin'> & { readonly payWithin: number },
  addresses: Addresses,
  openGround: Ground['open'],
): Promise<OpenStore> {
  const [{ openStore }, { openLinks }] = await Promise.all([import('./open-store.ts'), import('./links.ts')])
  const links = await openLinks(addresses, service)
  const ground = await openGround(links)
  const foundation: Foundation = {
    ...ground,
    ...links,
    participants: addresses.participants,
    async close() {
      await links.close()
      await ground.close()
    },
  }
  return openStore(foundation, { port, seed, demo, payWithin, serves: service === 'all' ? addresses.knows : [service] })
}

/** @throws CommandFailure when it is no length of time */
function durationOf(text: string): number {
  try {
    return milliseconds(text as Duration)
  } catch (error) {
    throw new CommandFailure(`--pay-within or PAY_WITHIN: ${(error as Error).message}`)
  }
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
    setTimeout(() => process.exit(0), drainTime() + longestStopMs).unref()
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
