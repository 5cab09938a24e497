import { randomUUID } from 'node:crypto'
import { mailboxesOf } from '@comptoir/runtime'
import { expect, it, onTestFinished } from 'vitest'
import { killed } from '../crash/lives.ts'
import { levelsSeen } from '../crash/outside.ts'
import { Random } from '../crash/random.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { Shop } from '../kit/shop.ts'
import { until, within } from '../kit/wait.ts'
import { ownDatabase } from './database.ts'
import { endRightly } from './ending.ts'
import { kcat } from './kcat.ts'
import { Member } from './member.ts'

const seed = Number(process.env.COMPTOIR_CRASH_SEED ?? Date.now() % 2 ** 31)
/** In the middle of the load. */
const passage = 40
/** Its last words may have been to any of them. */
const mailboxes = mailboxesOf(['store', 'payments', 'orchestrator'])
/** Far above a lease and a member's session at Kafka. */
const takeoverMs = 40_000

/** The records on a topic that lie there more than once, by their place in their log. */
function repeated(topic: string): readonly string[] {
  const places = kcat(['-C', '-t', topic, '-o', 'beginning', '-e', '-f', '%h\n'])
    .split('\n')
    .flatMap((headers) => headers.match(/ce_(source|logposition)=[^,]*/g)?.join(' ') ?? [])
  return places.filter((place, index) => places.indexOf(place) < index)
}

/**
 * Each claim of a row in an inbox, also of one that is there already: whoever handles a message again claims in vain. What a
 * step answered is written into its row later, which is no claim.
 */
const witnessClaims = `
  create schema claimed;
  create table claimed.row (id uuid, step text, phase text);
  create function claimed.note() returns trigger language plpgsql as $$
    begin insert into claimed.row values (new.id, new.step, new.phase); return new; end $$;
  ${['store', 'payments']
    .map(
      (service) => `create trigger note before insert on ${service}.inbox for each row
        when (new.outcome = 'done' and new.result is null) execute function claimed.note();`,
    )
    .join('\n')}`
/** Steps and events that were handled again. An undo claims the row of its step, too, but as refused. */
const claimedAgain = 'select from claimed.row group by id, step, phase having count(*) > 1'

it.each([
  ['F1', 'before it has published what it has read', 'relay.afterRead'],
  ['F2', 'after it has published, before its position moves', 'relay.afterPublish'],
  ['F3', "after a consumer's commit, before its offset", 'consumer.afterCommit'],
] as const)(
  `%s, I5: on Kafka, an instance dies %s (%s): another goes on, and I1 to I9, I12, I14, I15, I17, I19 and I20 hold (random seed ${seed})`,
  async (fault, _, point) => {
    const database = await ownDatabase(databaseUrl())
    onTestFinished(() => database.drop())
    const prefix = `crash-points-${randomUUID()}.`
    const env = { DATABASE_URL: database.url, KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: prefix }
    // The first one carries all logs.
    const mortal = await Member.start(new Random(seed), 0, env, { armed: { COMPTOIR_CRASH_AT: `${point}:${passage}` } })
    const other = await Member.start(new Random(seed + 1), 1, env)
    const levels = await levelsSeen(other.store.url)
    await database.look((db) => db.script(witnessClaims))
    for (const member of [mortal, other]) member.open()

    expect(await within('its death', mortal.store.ended, takeoverMs)).toEqual(killed)
    const open = () =>
      database.look(async (db) => (await db.query<{ id: string }>('select id from store.saga_open')).map(({ id }) => id))
    const interrupted = await until('sagas under way', async () => {
      const ids = await open()
      return ids.length > 0 && ids
    })
    await until(
      'they have ended at the other',
      async () => {
        const still = new Set(await open())
        return !interrupted.some((id) => still.has(id))
      },
      takeoverMs,
    )
    expect((await new Shop(other.store.url).placed([{ product_id: 1, quantity: 1 }])).status).toBe('PLACED')
    if (fault === 'F2')
      await until('what it had published is published again', () =>
        mailboxes.some((mailbox) => repeated(prefix + mailbox).length > 0),
      )
    if (fault === 'F3')
      await until('what it had handled is handled again', () =>
        database.look(async (db) => (await db.query(claimedAgain)).length > 0),
      )

    await mortal.again()
    await endRightly([other, mortal], database, levels, { brokers: kafkaBrokers(), prefix })
  },
  180_000,
)
