import { expect } from 'vitest'
import { Acknowledged } from '../crash/acknowledged.ts'
import { drain } from '../crash/drain.ts'
import { checkInvariants } from '../crash/invariants.ts'
import { faultsSeen } from '../crash/outside.ts'
import { until } from '../kit/wait.ts'
import { type Topics, topicLag } from '../storm/topics.ts'
import type { OwnDatabase } from './database.ts'
import type { Member } from './member.ts'

/**
 * Lets the clients of all instances finish and everything come to rest, and proves that nothing is missing, doubled or owed:
 * in SQL and from outside. All instances must live, and end cleanly.
 *
 * @param levels the stock before anything was done
 * @param topics where the instances have their messages from, if not from the logs
 * @returns what the clients were told
 */
export async function endRightly(
  members: readonly [Member, ...Member[]],
  database: OwnDatabase,
  levels: ReadonlyMap<number, number>,
  topics?: Topics,
): Promise<Acknowledged> {
  const { url } = members[0].store
  await Promise.all(members.map((member) => member.rest()))
  for (const { load } of members) await load.settle(url)
  await rest(url, topics).catch((error: unknown) => {
    for (const { said } of members) process.stdout.write(said)
    throw error
  })
  const all = new Acknowledged()
  for (const { load, said } of members) {
    if (load.surprises.length > 0) process.stdout.write(said)
    expect(load.surprises).toEqual([])
    all.add(load.acknowledged)
  }
  expect(await faultsSeen(url, all, levels)).toEqual([])
  for (const { store } of members) expect((await store.stop()).code, store.output()).toBe(0)
  expect(await database.look((db) => checkInvariants(db, all))).toEqual([])
  return all
}

/**
 * Of an event that lies in Kafka, as of a payment, no saga and no log tells. Twice: who has handled one may have said another,
 * which was on its way there.
 */
async function rest(url: string, topics: Topics | undefined): Promise<void> {
  await drain(url)
  if (!topics) return
  for (let looks = 0; looks < 2; looks += 1) {
    await until('the topics are consumed', async () => (await topicLag(topics)).length === 0, 60_000)
    await drain(url)
  }
}
