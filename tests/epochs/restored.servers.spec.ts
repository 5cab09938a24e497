import { describe, expect, it } from 'vitest'
import { ownDatabase } from '../cluster/database.ts'
import { endsRightly, epochOf, leaveSagasOpen, newLoad, openSagas } from './busy-store.ts'
import { burnTransactions, dump, empty, ownCluster, restore } from './clusters.ts'

const many = 30_000

/** Each starts several servers and processes, on a machine that may be busy. */
const timeout = 180_000

describe('F51, I5, I8, I9, I15: a dump that was taken while sagas were open, restored', { timeout }, () => {
  it.each([
    ['lower', many, 0],
    ['higher', 0, many],
  ])('on a server whose transaction ids are %s: all of it goes on, nothing is hidden', async (_, burntHere, burntThere) => {
    const [here, there] = await Promise.all([ownCluster(), ownCluster()])
    await Promise.all([burnTransactions(here, burntHere), burnTransactions(there, burntThere)])
    const [database, restored] = [await ownDatabase(here.url), await ownDatabase(there.url)]
    const load = newLoad()
    await leaveSagasOpen(database, load)
    await restore(there, await dump(here, database), restored)

    expect(await openSagas(restored)).toBeGreaterThan(0)
    const newest = await restored.look((db) =>
      db.query(
        `select (select max(txid::text::bigint) from store.log) > pg_snapshot_xmax(pg_current_snapshot())::text::bigint as ahead`,
      ),
    )
    expect(newest).toEqual([{ ahead: burntHere > burntThere }])
    const before = await epochOf(restored)
    await endsRightly(restored, load)
    expect(await epochOf(restored)).toBe(before + 1)
  })

  it('over itself, on the same server, whose transaction ids have moved on', async () => {
    const server = await ownCluster()
    const database = await ownDatabase(server.url)
    const load = newLoad()
    await leaveSagasOpen(database, load)
    const text = await dump(server, database)
    // What is done after the dump is lost with the database; nobody is told that it is there.
    await leaveSagasOpen(database, newLoad())
    await burnTransactions(server, many)
    await empty(server, database)
    await restore(server, text, database)

    expect(await openSagas(database)).toBeGreaterThan(0)
    const before = await epochOf(database)
    await endsRightly(database, load)
    expect(await epochOf(database)).toBe(before + 1)
  })
})
