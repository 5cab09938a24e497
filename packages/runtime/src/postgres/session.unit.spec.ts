import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { DatabaseError } from '../ports/database.ts'
import { Catalog } from './catalog.ts'
import { runBlock } from './run.ts'
import { runAll } from './script.ts'
import { Session } from './session.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A session whose server never says anything. */
function silentSession() {
  const lost: DatabaseError[] = []
  const link = { socket: new PassThrough({ readableHighWaterMark: 0 }), goodbye: async () => {} }
  link.socket.read = () => null
  const session = new Session(link, new Catalog(), (error) => lost.push(error))
  return { session, lost }
}

const begin = { text: 'begin', values: [] }

test('F23: a server that says nothing is given up after 15 s for each statement', async () => {
  const { session, lost } = silentSession()
  const answer = runBlock(session, [begin, begin])
  await vi.advanceTimersByTimeAsync(30_000)
  expect(lost).toEqual([])
  await vi.advanceTimersByTimeAsync(15_000)
  expect(await answer).toMatchObject([{ error: { code: '08006' } }, { error: { code: '08006' } }])
  expect(lost).toMatchObject([{ code: '08006', message: expect.stringContaining('does not answer') }])
  expect(await runBlock(session, [begin])).toMatchObject([{ error: { code: '08006' } }])
})

test('a script may take as long as it needs, and an idle connection lives on', async () => {
  const { session, lost } = silentSession()
  await vi.advanceTimersByTimeAsync(1_000_000)
  void runAll(session, ['select 1'])
  await vi.advanceTimersByTimeAsync(1_000_000)
  expect(lost).toEqual([])
})
