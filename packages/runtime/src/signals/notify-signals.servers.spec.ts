import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../testing/eventually.ts'
import { MuteProxy } from '../testing/mute-proxy.ts'
import { bothHear, signalsConformance } from '../testing/signals-conformance.ts'
import { notifySignals } from './notify-signals.ts'

const server = process.env.TEST_DATABASE_URL
const never = 3_600_000

describe.skipIf(server === undefined)('notifySignals', () => {
  const channel = `Signals "of" ${process.pid}`
  const url = named(server ?? 'postgres://nowhere', channel)
  const open = (options: { url?: string; channel?: string } = {}) => notifySignals({ url, channel, ...options })
  let sides: ReturnType<typeof open>[] = []
  let operator: Client

  beforeEach(async () => {
    operator = new Client({ connectionString: server })
    await operator.connect()
  })
  afterEach(async () => {
    await Promise.all(sides.map((side) => side.close()))
    sides = []
    await operator.end()
  })

  const listeners = async (): Promise<number[]> => {
    const { rows } = await operator.query<{ pid: number }>(`select pid from pg_stat_activity where application_name = $1`, [
      channel,
    ])
    return rows.map(({ pid }) => pid)
  }

  it('connects again when the server ends its connection, and then wakes everybody once', async () => {
    const [near, far] = [open(), open()]
    sides = [near, far]
    await bothHear(near, far)
    const before = far.seen('missed')
    const waiting = far.wait('missed', before, never)
    const killed = await listeners()
    await operator.query('select pg_terminate_backend(pid) from unnest($1::int[]) as k(pid)', [killed])
    near.send(['missed elsewhere'])
    await waiting
    expect(far.seen('missed')).toBe(before + 1)
    await bothHear(near, far)
  })

  it('hears nothing of another channel', async () => {
    const [near, far] = [open(), open()]
    const [stranger, friend] = [open({ channel: `${channel} 2` }), open({ channel: `${channel} 2` })]
    sides = [near, far, stranger, friend]
    await bothHear(near, far)
    // Whoever has just connected is woken once.
    await bothHear(stranger, friend)
    const before = stranger.seen('a')
    const heard = far.wait('a', far.seen('a'), never)
    near.send(['a'])
    await heard
    expect(stranger.seen('a')).toBe(before)
  })

  it('survives what others write to its channel', async () => {
    const [near, far] = [open(), open()]
    sides = [near, far]
    await bothHear(near, far)
    for (const payload of ['', 'nonsense', '[', '[]', '[1]', 'null']) {
      await operator.query('select pg_notify($1, $2)', [channel, payload])
    }
    await bothHear(near, far)
  })

  it('gives up a silent connection, though it only listens, and makes a new one', async () => {
    const proxy = await MuteProxy.before(url)
    const [near, far] = [open(), open({ url: proxy.url })]
    sides = [near, far]
    await bothHear(near, far)
    proxy.muteAll()
    await eventually(() => proxy.accepted > 1)
    await bothHear(near, far)
    proxy.close()
  })

  it('leaves no connection behind when closed', async () => {
    const [near, far] = [open(), open()]
    await bothHear(near, far)
    await Promise.all([near.close(), far.close()])
    await eventually(async () => (await listeners()).length === 0)
  })

  it('works alone while there is no server, and closes', async () => {
    const alone = open({ url: 'postgres://postgres@127.0.0.1:1/postgres' })
    const seen = alone.seen('a')
    const waiting = alone.wait('a', seen, never)
    alone.send(['a'])
    await waiting
    await alone.close()
  })

  signalsConformance('notifySignals', async () => [open(), open()], {
    apart: true,
    close: async (pair) => void (await Promise.all(pair.map((side) => (side as (typeof sides)[0]).close()))),
  })
})

/** The address, with a name by which the server shows its connections. */
function named(address: string, name: string): string {
  const url = new URL(address)
  url.searchParams.set('application_name', name)
  return url.href
}
