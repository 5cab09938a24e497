import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startStore } from '../kit/process.ts'
import { until } from '../kit/wait.ts'
import { drain } from './drain.ts'
import { DataFolder } from './folder.ts'
import { checkAlways, checkInvariants } from './invariants.ts'
import { dieAt, killed, seededFolder } from './lives.ts'
import { Random } from './random.ts'
import { SagaLoad } from './saga-load.ts'

/** So many, and more until there were enough kills with sagas in flight: how many are is a matter of chance. */
const [rounds, mostRounds, enoughInFlight] = [4, 12, 3]
const seed = Number(process.env.COMPTOIR_CRASH_SEED ?? Date.now() % 2 ** 31)
const connections = 8
const minute = 60_000
/** The kill comes after so many orders of its round were begun, and some milliseconds. */
const [fewest, most, furtherMs] = [20, 60, 50]

let seeded: DataFolder
let folder: DataFolder
beforeAll(async () => {
  seeded = await seededFolder()
}, minute)
beforeEach(async () => {
  folder = await DataFolder.make(seeded)
})
afterEach(() => folder.remove())
afterAll(() => seeded.remove())

/** The next process ends what is under way; then nothing is missing, doubled or owed. */
async function recoverAll(load: SagaLoad): Promise<void> {
  const store = await startStore({ data: folder.path })
  await load.settle(store.url)
  await drain(store.url)
  expect(await store.stop(), store.output()).toEqual({ code: 0, signal: null })
  expect(load.surprises).toEqual([])
  expect(await folder.open((database) => checkInvariants(database, load.acknowledged))).toEqual([])
}

test.each([
  ['by calls', undefined],
  ['over messages', 'respond-async'],
])(
  `F4: I1 to I9, I15 and I19 hold after SIGKILLs of the orchestrator under load, %s (random seed ${seed})`,
  async (_style, prefer) => {
    const random = new Random(seed)
    const load = new SagaLoad(random, prefer)
    let killsWithSagasInFlight = 0
    for (let round = 1; round <= rounds || (killsWithSagasInFlight < enoughInFlight && round <= mostRounds); round += 1) {
      const store = await startStore({ data: folder.path })
      const before = load.begun
      const wanted = random.between(fewest, most)
      const clients = load.run(store.url, connections)
      await until(`${wanted} orders`, () => load.begun - before >= wanted, minute)
      await pause(random.between(0, furtherMs))
      expect(await store.kill(), store.output()).toEqual(killed)
      await clients
      const left = await folder.inspect(async (database) => ({
        violations: await checkAlways(database),
        inFlight: await database.query('select from orchestrator.driving'),
      }))
      expect(left.violations, `after kill ${round}`).toEqual([])
      if (left.inFlight.length > 0) killsWithSagasInFlight += 1
    }
    expect(killsWithSagasInFlight, 'kills with sagas in flight').toBeGreaterThanOrEqual(enoughInFlight)
    await recoverAll(load)
    expect(load.ended, 'orders whose end was told').toBeGreaterThanOrEqual(fewest)
  },
  4 * minute,
)

test.each([
  ['entry.afterCommit:5', undefined],
  ['work.beforeCommit:12', undefined],
  ['work.afterCommit:12', undefined],
  ['work.afterCommit:13', undefined],
  ['work.afterCommit:14', undefined],
  ['entry.afterCommit:5', 'respond-async'],
  ['consumer.afterInbox:9', 'respond-async'],
  ['consumer.beforeCommit:9', 'respond-async'],
  ['consumer.afterCommit:9', 'respond-async'],
])(
  'F4: an orchestrated order ends after a SIGKILL at %s (Prefer: %s)',
  async (point, prefer) => {
    const load = new SagaLoad(new Random(3), prefer)
    await dieAt(folder, point, load)
    await recoverAll(load)
  },
  2 * minute,
)
