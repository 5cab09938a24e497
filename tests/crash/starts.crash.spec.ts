import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Command, comptoir } from '../kit/command.ts'
import { readyStore, startStore } from '../kit/process.ts'
import { Shop } from '../kit/shop.ts'
import { drain } from './drain.ts'
import { DataFolder } from './folder.ts'
import { checkInvariants } from './invariants.ts'
import { killed, untilDeath } from './lives.ts'

const minute = 60_000

let folder: DataFolder
beforeEach(async () => {
  folder = await DataFolder.make()
})
afterEach(() => folder.remove())

const serve = (): Command => comptoir(['serve', '--json', '--port', '0', '--data', folder.path])

/** The demo data are there once, and an order goes through. */
async function expectGoodStore(): Promise<void> {
  const store = await startStore({ data: folder.path })
  const shop = new Shop(store.url)
  expect(await shop.placed([{ product_id: 1, quantity: 1 }])).toMatchObject({ order_id: 1001, status: 'PLACED' })
  expect(await shop.stock(1)).toBe(999)
  await drain(store.url)
  expect(await store.stop(), store.output()).toEqual({ code: 0, signal: null })
  expect(await folder.open((database) => checkInvariants(database))).toEqual([])
}

test(
  'F29: of several starts on one folder at once, new, clean or left by a dead process, one serves and the others name it',
  async () => {
    for (const state of ['new', 'left by a dead process', 'left by a dead process']) {
      const commands = [serve(), serve(), serve()]
      const stores = await Promise.allSettled(commands.map(readyStore))
      const served = stores.flatMap((store) => (store.status === 'fulfilled' ? [store.value] : []))
      expect(served, state).toHaveLength(1)
      for (const command of commands) {
        if (command.pid === served[0]?.pid) continue
        expect(await command.ended, command.stderr()).toEqual({ code: 1, signal: null })
        expect(command.stderr()).toContain(`in use by process ${served[0]?.pid}`)
        expect(command.stdout()).toBe('')
      }
      expect(await served[0]?.kill()).toEqual(killed)
    }
    await expectGoodStore()
  },
  3 * minute,
)

/** How far a start gets is the machine's business; these are parts of the time that a whole one took. */
const moments = [0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]

/** How long a start takes here, in milliseconds: on a copy, so that the folder stays as it is. */
async function startMs(): Promise<number> {
  const copy = await DataFolder.make(folder)
  const began = performance.now()
  const store = await startStore({ data: copy.path })
  const took = performance.now() - began
  await store.kill()
  await copy.remove()
  return took
}

async function killAtMoments(): Promise<void> {
  const whole = await startMs()
  for (const moment of moments) {
    const command = serve()
    await pause(whole * moment)
    command.child.kill('SIGKILL')
    expect(await command.ended, command.stderr()).toEqual(killed)
  }
}

test(
  'F1, I15: a start works after the first one was killed, at whatever moment of making the data folder',
  async () => {
    await mkdir(folder.path, { recursive: true })
    await killAtMoments()
    await expectGoodStore()
  },
  3 * minute,
)

test(
  'F26: a start works after one was killed in the middle of the migrations',
  async () => {
    // A database without any table, where the prepared one would have been copied.
    await folder.open(async () => {})
    await killAtMoments()
    await expectGoodStore()
  },
  3 * minute,
)

test.each(['work.beforeCommit', 'work.afterCommit'])(
  'I7: a start works after the first one died seeding, at %s',
  async (point) => {
    expect(await untilDeath(folder, { COMPTOIR_CRASH_AT: point })).toEqual(killed)
    await expectGoodStore()
  },
  2 * minute,
)

test(
  'F1: a secret whose writing a kill cut off is made anew',
  async () => {
    await mkdir(folder.path, { recursive: true })
    await writeFile(join(folder.path, 'secret'), '')
    const store = await startStore({ data: folder.path })
    await store.stop()
    expect(await readFile(join(folder.path, 'secret'))).toHaveLength(32)
  },
  minute,
)

test(
  'I15: a credit hold that was ended, whose answer came, is not back after a restart',
  async () => {
    const store = await startStore({ data: folder.path })
    const ended = await new Shop(store.url).delete('/payments-api/holds/4')
    expect(ended.status, ended.text).toBe(200)
    await store.kill()
    const next = await startStore({ data: folder.path })
    const order = await new Shop(next.url).placed([{ product_id: 1, quantity: 1 }], 4)
    await next.stop()
    expect(order).toMatchObject({ status: 'PLACED' })
  },
  2 * minute,
)
