import { expect } from 'vitest'
import { comptoir, type Ending } from '../kit/command.ts'
import { readyStore, type StoreProcess, startStore } from '../kit/process.ts'
import { within } from '../kit/wait.ts'
import { drain } from './drain.ts'
import { DataFolder } from './folder.ts'
import { checkInvariants } from './invariants.ts'
import type { Load } from './load.ts'

const connections = 8
/** A process that is to die and has not by then is not going to. */
const deathMs = 40_000
export const killed: Ending = { code: null, signal: 'SIGKILL' }

/**
 * Runs a process on the folder until it dies by itself, perhaps before it is ready.
 *
 * @param env what makes it die
 * @param work what is done to it once it is ready
 * @throws when it lives
 */
export async function untilDeath(
  folder: DataFolder,
  env: NodeJS.ProcessEnv,
  work?: (store: StoreProcess) => Promise<void>,
): Promise<Ending> {
  const command = comptoir(['serve', '--json', '--port', '0', '--data', folder.path], { env })
  try {
    // Not ready: it died before, which is the caller's to judge by how it ended.
    const store = await readyStore(command).catch(() => undefined)
    if (store) await work?.(store)
    return await within(`the death of a process with ${JSON.stringify(env)}`, command.ended, deathMs)
  } finally {
    command.child.kill('SIGKILL')
  }
}

/** Runs a process under load until it kills itself at a crash point: `name` or `name:n`. */
export async function dieAt(
  folder: DataFolder,
  point: string,
  load: Pick<Load, 'run' | 'stop'>,
  before?: (store: StoreProcess) => Promise<unknown>,
): Promise<void> {
  let clients: Promise<void> | undefined
  const ending = await untilDeath(folder, { COMPTOIR_CRASH_AT: point }, async (store) => {
    await before?.(store)
    clients = load.run(store.url, connections)
  }).finally(() => load.stop())
  await clients
  expect(ending).toEqual(killed)
}

/** Lets the next process finish everything, and proves that nothing is missing, doubled or owed. */
export async function recover(folder: DataFolder, load: Load): Promise<void> {
  const store = await startStore({ data: folder.path })
  try {
    await load.settle(store.url)
    await drain(store.url)
  } catch (error) {
    await store.kill()
    throw error
  }
  expect(await store.stop(), store.output()).toEqual({ code: 0, signal: null })
  expect(load.surprises).toEqual([])
  expect(await folder.open((database) => checkInvariants(database, load.acknowledged))).toEqual([])
}

/** A store that was started and stopped once: its demo data are there, and its consumers stopped cleanly. */
export async function seededFolder(): Promise<DataFolder> {
  const folder = await DataFolder.make()
  const store = await startStore({ data: folder.path })
  await store.stop()
  return folder
}
