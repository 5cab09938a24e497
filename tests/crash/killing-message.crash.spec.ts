import type { Database } from '@comptoir/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { comptoir, type Ending } from '../kit/command.ts'
import { readyStore, type StoreProcess, startStore } from '../kit/process.ts'
import { MortalClient } from './client.ts'
import { drain } from './drain.ts'
import { DataFolder } from './folder.ts'
import { checkInvariants } from './invariants.ts'
import { killed, seededFolder, untilDeath } from './lives.ts'

const minute = 60_000
/** A process may die over a message this often before the message is given up: the first time nobody counts yet. */
const mostDeaths = 4
/** What the process answers the breakdown of its database with. */
const brokenDown: Ending = { code: 70, signal: null }

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

const order = { user_id: 1, items: [{ product_id: 1, quantity: 1 }] }
/** Its reservation is what breaks the database down. */
const deadlyProduct = 9
const deadlyOrder = { user_id: 2, items: [{ product_id: deadlyProduct, quantity: 1 }] }

/** A JSON text that deep overflows the stack of the WebAssembly instance, which nothing survives (F7, F31). */
const breakDown = `perform length((repeat('[', 20000) || repeat(']', 20000))::jsonb::text);`
const deadlyTrigger = (body: string) => `
  create sequence store.attempts;
  create function store.kill() returns trigger language plpgsql as $$ begin ${body} return new; end $$;
  create trigger kill before insert on store.stock_ledger for each row
    when (new.kind = 'reserved' and new.product_id = ${deadlyProduct}) execute function store.kill();`

/** Leaves one order in the folder whose saga waits for its second step. */
async function leavePendingOrder(): Promise<void> {
  const ending = await untilDeath(folder, { COMPTOIR_CRASH_AT: 'entry.afterCommit' }, async (store) => {
    await new MortalClient(store.url).send('POST', '/store-api/orders', order)
  })
  expect(ending).toEqual(killed)
}

const orders = (database: Database) =>
  database.query<{ status: string; reason: string | null }>('select status, reason from store.orders order by id')

/** Lets a process that lives finish, and looks at what came of the orders. */
async function outcome(): Promise<{ orders: unknown; letters: unknown; violations: string[] }> {
  const store = await startStore({ data: folder.path })
  await drain(store.url)
  expect(await store.stop(), store.output()).toEqual({ code: 0, signal: null })
  return folder.open(async (database) => ({
    orders: await orders(database),
    letters: await database.query('select type, state, settled from store.held_message'),
    violations: await checkInvariants(database),
  }))
}

test.each([
  { deaths: 1, status: 'PLACED', reason: null, letters: [] },
  { deaths: 3, status: 'CANCELLED', reason: 'error', letters: [{ type: 'OrderCreated', state: 'dead', settled: true }] },
  { deaths: 4, status: 'CANCELLED', reason: 'error', letters: [{ type: 'OrderCreated', state: 'dead', settled: true }] },
])(
  'F8: an order ends $status when $deaths processes died over one message, each within its handlers',
  async ({ deaths, status, reason, letters }) => {
    await leavePendingOrder()
    for (let death = 1; death <= deaths; death += 1)
      expect(await untilDeath(folder, { COMPTOIR_CRASH_AT: 'consumer.afterHandlers' }), `death ${death}`).toEqual(killed)
    expect(await outcome()).toEqual({ orders: [{ status, reason }], letters, violations: [] })
  },
  3 * minute,
)

/** Starts processes until one lives until everything is done; answers how many died. */
async function deathsUntilPeace(prepare: (store: StoreProcess) => Promise<unknown>, most: number): Promise<number> {
  for (let deaths = 0; deaths <= most; deaths += 1) {
    const command = comptoir(['serve', '--json', '--port', '0', '--data', folder.path])
    const peace = readyStore(command).then(async (store) => {
      if (deaths === 0) await prepare(store)
      await drain(store.url)
    })
    const ending = await Promise.race([
      command.ended,
      peace.then(
        () => undefined,
        () => command.ended,
      ),
    ])
    if (ending === undefined) {
      command.child.kill('SIGTERM')
      await command.ended
      return deaths
    }
    expect(ending).toEqual(brokenDown)
  }
  throw new Error(`${most + 1} processes have died, and nothing ends it`)
}

const placeAll = async (store: StoreProcess) => {
  const client = new MortalClient(store.url)
  for (const body of [order, order, deadlyOrder, order]) await client.send('POST', '/store-api/orders', body)
}

test(
  'F7, F8, I19: a message that breaks every process down is refused after three, its order is cancelled and the others are placed',
  async () => {
    await folder.open((database) => database.script(deadlyTrigger(breakDown)))
    expect(await deathsUntilPeace(placeAll, mostDeaths)).toBeGreaterThan(1)
    const { orders: ended, ...rest } = await outcome()
    expect(rest).toEqual({ letters: [{ type: 'OrderCreated', state: 'dead', settled: true }], violations: [] })
    expect(ended).toContainEqual({ status: 'CANCELLED', reason: 'error' })
    expect(ended).toContainEqual({ status: 'PLACED', reason: null })
  },
  4 * minute,
)

test(
  'F8: a message that is held after a failure, and breaks every process down from then on, is refused too',
  async () => {
    const body = `if nextval('store.attempts') = 1 then raise exception 'not yet'; end if; ${breakDown}`
    await folder.open((database) => database.script(deadlyTrigger(body)))
    const one = (store: StoreProcess) => new MortalClient(store.url).send('POST', '/store-api/orders', deadlyOrder)
    expect(await deathsUntilPeace(one, 10)).toBeGreaterThan(1)
    expect(await outcome()).toEqual({
      orders: [{ status: 'CANCELLED', reason: 'error' }],
      letters: [{ type: 'OrderCreated', state: 'dead', settled: true }],
      violations: [],
    })
  },
  6 * minute,
)
