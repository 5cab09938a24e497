import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { comptoir } from '../kit/command.ts'
import { startStore } from '../kit/process.ts'
import { until } from '../kit/wait.ts'
import { drain } from './drain.ts'
import { DataFolder } from './folder.ts'
import { checkAlways, checkInvariants } from './invariants.ts'
import { Load } from './load.ts'
import { faultsSeen, levelsSeen } from './outside.ts'
import { Random } from './random.ts'

const rounds = Number(process.env.COMPTOIR_CRASH_ROUNDS ?? 20)
const seed = Number(process.env.COMPTOIR_CRASH_SEED ?? Date.now() % 2 ** 31)
const connections = 24
/** The kill comes after so many acknowledgements of its round (a moment that does not depend on the machine), and some milliseconds. */
const [fewest, most] = [100, 300]
const furtherMs = 50
/** Every n-th round the next process is killed too, while it starts and recovers: within so many milliseconds. */
const startsKilled = 4
const startMs = 2_500
const enough = { acknowledgements: 2_000, killsWithSagasInFlight: Math.ceil(rounds * 0.75) }

let folder: DataFolder
beforeAll(async () => {
  folder = await DataFolder.make()
})
afterAll(() => folder.remove())

/** Kills a process at a random moment of its start. */
async function killWhileStarting(random: Random): Promise<void> {
  const command = comptoir(['serve', '--json', '--port', '0', '--data', folder.path])
  await pause(random.between(0, startMs))
  command.child.kill('SIGKILL')
  expect(await command.ended).toEqual({ code: null, signal: 'SIGKILL' })
}

test(
  `F1, F3, F4: I1 to I9, I12, I14, I15, I17, I19 and I20 hold after ${rounds} SIGKILLs under load (random seed ${seed})`,
  async () => {
    const random = new Random(seed)
    const load = new Load(random)
    let levels = new Map<number, number>()
    let killsWithSagasInFlight = 0
    for (let round = 1; round <= rounds; round += 1) {
      const store = await startStore({ data: folder.path })
      if (round === 1) levels = await levelsSeen(store.url)
      const before = load.acknowledged.count
      const wanted = random.between(fewest, most)
      const clients = load.run(store.url, connections)
      await until(`${wanted} acknowledgements`, () => load.acknowledged.count - before >= wanted, 60_000)
      await pause(random.between(0, furtherMs))
      expect(await store.kill(), store.output()).toEqual({ code: null, signal: 'SIGKILL' })
      await clients
      const left = await folder.inspect(async (database) => ({
        violations: await checkAlways(database),
        inFlight: await database.query('select from store.saga where ended_at is null'),
      }))
      expect(left.violations, `after kill ${round}`).toEqual([])
      if (left.inFlight.length > 0) killsWithSagasInFlight += 1
      if (round % startsKilled === 0) await killWhileStarting(random)
    }
    process.stdout.write(
      `${load.acknowledged.count} acknowledgements; sagas in flight at ${killsWithSagasInFlight} of ${rounds} kills\n`,
    )
    expect(load.surprises).toEqual([])
    expect(killsWithSagasInFlight, 'kills with sagas in flight').toBeGreaterThanOrEqual(enough.killsWithSagasInFlight)
    expect(load.acknowledged.count, 'acknowledgements').toBeGreaterThanOrEqual(enough.acknowledgements)

    const store = await startStore({ data: folder.path })
    await load.settle(store.url)
    await drain(store.url)
    expect(load.surprises).toEqual([])
    expect(await faultsSeen(store.url, load.acknowledged, levels)).toEqual([])
    expect((await store.stop()).code, store.output()).toBe(0)
    expect(await folder.open((database) => checkInvariants(database, load.acknowledged))).toEqual([])
  },
  rounds * 30_000,
)
