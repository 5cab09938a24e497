import { randomUUID } from 'node:crypto'
import { engineMigrations, migrate, raiseEpoch, sharedMigrations } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { expect, test } from 'vitest'
import { appendToLog } from '../packages/runtime/src/log/log.ts'
import { LogCursor } from '../packages/runtime/src/log/log-cursor.ts'
import { Trace } from './trace.ts'
import { tracedDatabase } from './traced-ports.ts'

test('each message that goes into a log and comes out of it is stamped, however many go together', async () => {
  const database = await openPglite()
  await migrate(database, [sharedMigrations, engineMigrations('a')])
  const epoch = await raiseEpoch(database, ['a'])
  const trace = new Trace()
  const traced = tracedDatabase(database, trace)
  const cursor = new LogCursor('a', 'b', epoch, { epoch: 0, txid: '0', pos: 0 })
  for (const count of [1, 3, 50]) {
    trace.clear()
    const common = { mailbox: 'b', type: 'TripBooked', id: null, definition: 'trip/1/a', body: '{}' }
    const entries = Array.from({ length: count }, () => ({ ...common, key: randomUUID() }))
    for (const { key } of entries) trace.accepted(key, 0)
    await traced.transaction((tx) => appendToLog(tx, 'a', entries))
    await cursor.read(traced, 100)
    for (const point of ['stored', 'received'])
      expect(trace.between('accepted', `TripBooked ${point}`), `${count} ${point}`).toHaveLength(count)
  }
  await database.close()
})
