import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Members } from '../consuming/members.ts'
import { endSagas, insertSagas, noteAttention } from '../home/home.ts'
import { raiseEpoch } from '../log/epoch.ts'
import { advance, FencedError, type Hold, takeOver } from '../log/positions.ts'
import { engineMigrations, migrate, sharedMigrations } from '../migrate.ts'
import type { Ending } from '../participant.ts'
import { type Database, DatabaseError } from '../ports/database.ts'
import { lonePorts, Service } from '../service.ts'
import { type ScratchDatabase, scratchDatabase, serverUrl } from '../testing/scratch-postgres.ts'
import { trip } from '../testing/trip.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { openPostgres } from './index.ts'

/** Takes part in a random order. */
const shuffled = <T>(all: readonly T[]): T[] =>
  all
    .map((one) => [Math.random(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one)

/** What two instances do to the same rows, because both were brought the same messages, or both heard of the same death. */
describe.skipIf(!serverUrl)('I20: nobody deadlocks', () => {
  let scratch: ScratchDatabase
  let db: Database
  beforeAll(async () => {
    scratch = await scratchDatabase()
    const url = new URL(scratch.url)
    db = await openPostgres({ url: url.href, application: 'deadlocks', connections: 8 })
    await migrate(db, [sharedMigrations, engineMigrations('a')])
    await raiseEpoch(db, ['a'])
  })
  afterAll(async () => {
    await db?.close()
    await scratch?.drop()
  })
  beforeEach(() => db.script('delete from a.saga; delete from a.saga_open; delete from a.member; delete from a.position'))

  /** So many times, each of these at once. */
  const atOnce = async (rounds: number, each: (round: number) => readonly Promise<unknown>[]) => {
    const refused: string[] = []
    for (let round = 0; round < rounds; round += 1)
      for (const one of await Promise.allSettled(each(round)))
        if (one.status === 'rejected' && !(one.reason instanceof FencedError))
          refused.push(one.reason instanceof DatabaseError ? one.reason.message : String(one.reason))
    expect(refused).toEqual([])
  }

  const ways = [
    { outcome: 'completed' },
    { outcome: 'cancelled', cause: { step: 'one', reason: 'because' } },
    { outcome: 'cancelled', cause: { step: 'two', reason: 'because' } },
  ] as const
  const opened = async (count: number): Promise<Ending[]> => {
    const ids = Array.from({ length: count }, () => randomUUID())
    const one = { definition: 'trip/1/abcdef', style: 'choreographed', subject: null, deadline: 1_000 }
    await db.transaction((tx) =>
      insertSagas(
        tx,
        'a',
        ids.map((id) => ({ ...one, id })),
      ),
    )
    return ids.map((saga, index) => ({ saga, ...ways[index % 3] }) as Ending)
  }

  it('over sagas that end', () =>
    atOnce(60, () => {
      const sagas = opened(30)
      return Array.from({ length: 4 }, async () => {
        const some = shuffled(await sagas).slice(0, 20)
        await db.transaction((tx) => endSagas(tx, 'a', some))
      })
    }))

  it('over sagas of two declarations that end together', () => {
    const later = { ...trip, id: 'Later/1/abcdef' }
    const service = new Service({ ...lonePorts(db), name: 'a', epoch: 1, participants: [] })
    return atOnce(60, () => {
      const sagas = opened(20)
      return Array.from({ length: 4 }, async () => {
        const halves = (await sagas).map((ending, index) => [index % 2 === 0 ? trip : later, ending] as const)
        const end = async (unit: UnitOfWork) => {
          for (const [saga, ending] of shuffled(halves)) unit.end(saga, ending)
        }
        await service.commit(end, 'work.beforeCommit', 'work.afterCommit')
      })
    })
  })

  it('over sagas that end and need a person', () =>
    atOnce(100, () => {
      const sagas = opened(4)
      const both = [
        async () => db.transaction(async (tx) => endSagas(tx, 'a', await sagas)),
        async () => {
          for (const { saga } of await sagas) await db.transaction((tx) => noteAttention(tx, 'a', saga, 'somebody'))
        },
      ]
      return [...both, ...both].map((one) => one())
    }))

  it('over deaths that all hear of', async () => {
    const appear = `insert into a.member (instance) select 'comptoir gone ' || n from generate_series(1, 30) as n order by random()
      on conflict (instance) do update set died = null`
    const members = Array.from({ length: 6 }, () => new Members(db, 'a'))
    await atOnce(100, () => [db.query(appear), ...members.map((one) => one.deaths())])
  })

  it('over positions that are taken over while their holder works', async () => {
    const sources = ['a', 'b', 'c', 'd']
    let hold: Hold = await takeOver(db, 'a', 'mailbox', sources)
    await atOnce(100, (round) => [
      ...Array.from({ length: 4 }, () =>
        db.transaction((tx) =>
          advance(tx, 'a', hold, new Map(shuffled(sources).map((source) => [source, { epoch: 1, txid: '1', pos: round }]))),
        ),
      ),
      ...Array.from({ length: 2 }, async () => {
        hold = await takeOver(db, 'a', 'mailbox', sources)
      }),
    ])
  })
})
