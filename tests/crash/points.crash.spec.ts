import { type CrashPoint, crashPoints } from '@comptoir/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { StoreProcess } from '../kit/process.ts'
import { MortalClient } from './client.ts'
import { DataFolder } from './folder.ts'
import { dieAt, killed, recover, seededFolder, untilDeath } from './lives.ts'
import { Load } from './load.ts'
import { Random } from './random.ts'

const seed = 3
const minute = 60_000

let seeded: DataFolder
let folder: DataFolder
let load: Load
beforeAll(async () => {
  seeded = await seededFolder()
}, minute)
beforeEach(async () => {
  folder = await DataFolder.make(seeded)
  load = new Load(new Random(seed))
})
afterEach(() => folder.remove())
afterAll(() => seeded.remove())

/** Which passages of a point are the last ones. The first of some is at the start already, before any order. */
function passages(point: CrashPoint): readonly number[] {
  if (point === 'consumer.afterRead') return [1, 30]
  if (point.startsWith('consumer.')) return [1, 5]
  if (point.startsWith('work.')) return [1, 3]
  if (point === 'projection.afterRead') return [20]
  return [point.startsWith('held.') ? 1 : 2]
}

const customer = 3
/**
 * Opening a payment of this customer fails until it has failed twice alone, so that its message is held with whatever others it
 * comes together. A sequence is never rolled back.
 */
const stumble = `
  create sequence payments.attempts;
  create function payments.stumble() returns trigger language plpgsql as $$
    begin
      if not exists (select from opened where user_id = ${customer}) then return null; end if;
      if (select count(*) from opened) = 1 then
        if nextval('payments.attempts') <= 2 then raise exception 'not yet'; end if;
      elsif (select not is_called or last_value < 2 from payments.attempts) then raise exception 'not yet';
      end if;
      return null;
    end $$;
  create trigger stumble after insert on payments.payments referencing new table as opened
    for each statement execute function payments.stumble();`

const placeOne = (store: StoreProcess) =>
  new MortalClient(store.url).send('POST', '/store-api/orders', { user_id: customer, items: [{ product_id: 1, quantity: 1 }] })

/** Those of the relay need a broker: tests/cluster/crash-points.servers.spec.ts passes them. */
const embedded = crashPoints.filter((point) => !point.startsWith('relay.'))

test.each(embedded.flatMap((point) => passages(point).map((n) => [point, n] as const)))(
  'I1 to I20 hold after a SIGKILL at %s, passage %i',
  async (point, n) => {
    const held = point.startsWith('held.')
    if (held) await folder.open((database) => database.script(stumble))
    await dieAt(folder, `${point}:${n}`, load, held ? placeOne : undefined)
    await recover(folder, load)
  },
  2 * minute,
)

/** Each but the first kills the process that recovers from the one before. More over one message would be F8. */
test.each<CrashPoint[]>([
  ['consumer.afterRead', 'consumer.afterFence'],
  ['consumer.afterInbox', 'consumer.afterLocks'],
  ['consumer.afterHandlers', 'consumer.beforeCommit'],
  ['consumer.afterCommit', 'projection.afterRead'],
  ['projection.beforeCommit', 'projection.afterCommit'],
  ['work.beforeCommit', 'work.afterCommit'],
])(
  'I1 to I20 hold when the recovery dies at %s, and the next one at %s',
  async (...points) => {
    await dieAt(folder, 'entry.afterCommit:3', load)
    for (const point of points) expect(await untilDeath(folder, { COMPTOIR_CRASH_AT: point }), point).toEqual(killed)
    await recover(folder, load)
    const errors = await folder.open((database) => database.query(`select id from store.orders where reason = 'error'`))
    expect(errors).toEqual([])
  },
  2 * minute,
)
