import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OwnDatabase, ownDatabase } from '../cluster/database.ts'
import { Client } from '../kit/client.ts'
import { comptoir } from '../kit/command.ts'
import { readyStore, type StoreProcess } from '../kit/process.ts'
import { databaseUrl } from '../kit/servers/addresses.ts'
import { until } from '../kit/wait.ts'

let database: OwnDatabase
beforeAll(async () => {
  database = await ownDatabase(databaseUrl())
})
afterAll(() => database.drop())

/** A store without payments, so that a client may wait for the end of an order as long as it likes. */
const startStore = (drain: string): Promise<StoreProcess> =>
  readyStore(
    comptoir(['serve', '--service', 'store', '--json', '--port', '0'], { env: { DATABASE_URL: database.url, DRAIN_MS: drain } }),
  )
const order = { user_id: 1, items: [{ product_id: 2, quantity: 1 }] }

describe('F5: an instance that is told to stop', () => {
  it('says first that it is not ready, while it still answers; then ends what is in hand, and closes', async () => {
    const store = await startStore('4500')
    const client = new Client(store.url)
    await until('it is ready', async () => (await client.get('/readyz')).status === 200)
    const ended = { yet: false }
    const waiting = client.post('/orders', order, { prefer: 'wait=5' })
    await until('the order is taken', async () => (await client.get('/orders?limit=1')).json<{ items: [] }>().items.length > 0)
    store.signal('SIGTERM')
    void store.ended.then(() => {
      ended.yet = true
    })
    const told = await until('it says that it is not ready', async () => {
      const answer = await client.get('/readyz')
      return answer.status === 503 && answer
    })
    expect(told.json()).toMatchObject({ checks: ['the process is stopping'] })
    const accepted = await client.post('/orders', order)
    expect([accepted.status, accepted.headers.get('connection')]).toEqual([201, 'close'])
    expect(ended.yet).toBe(false)
    // In hand for longer than the drain.
    expect((await waiting).status).toBe(202)
    expect(await store.ended).toEqual({ code: 0, signal: null })
    await expect(client.get('/livez')).rejects.toThrow('fetch failed')
  })

  it('refuses a time that is none', async () => {
    await expect(startStore('1s')).rejects.toThrow('DRAIN_MS is a number of milliseconds')
  })
})
