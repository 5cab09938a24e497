import { type ReadStore, Service } from '@comptoir/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RedisServer } from '../../../packages/redis/src/testing/redis-server.ts'
import { eventually } from '../../../packages/runtime/src/testing/eventually.ts'
import { faultyDatabase } from '../../../packages/runtime/src/testing/faulty-database.ts'
import { Rebuilds } from './read-model.ts'
import { boundStore, ReadStoreShop } from './read-store.fixture.ts'
import type { Counter } from './reading-shop.fixture.ts'
import { OPENING_MS } from './seed/scratch-store.fixture.ts'

let server: RedisServer
let shop: ReadStoreShop
let counter: Counter
beforeAll(async () => {
  server = await RedisServer.start()
  shop = await ReadStoreShop.open(() => server.url)
}, OPENING_MS)
beforeEach(async () => {
  await shop.clear()
  await server.operator.flushall()
  counter = await shop.counter()
})
afterAll(async () => {
  await shop.close()
  await server.remove()
})

const get = async (url: string, { app } = counter) => {
  const { statusCode, body } = await app.inject(url)
  return { status: statusCode, body }
}
const setLevel = (product_id: number, quantity: number) =>
  counter.app.inject({ method: 'POST', url: '/stocks', payload: { product_id, quantity } })
const levelOf = async (id: number) => JSON.parse((await get(`/stocks/${id}`)).body).quantity as number
const statusOf = async (id: number) => JSON.parse((await get(`/orders/${id}`)).body).status as string
const hash = (key: string) => server.operator.hgetall(key)
/** The read store shows what is asked for: the database is not asked. */
const quick = (look: () => Promise<unknown>) =>
  eventually(async () => {
    const before = counter.statements()
    await look()
    return counter.statements() === before
  })
const entered = (key: string, fields: Record<string, string>) =>
  eventually(async () => {
    const found = await hash(key)
    return Object.entries(fields).every(([field, text]) => found[field] === text)
  })

describe('the read store', () => {
  it('holds the hashes of the contract', async () => {
    const id = await shop.place(2)
    await shop.bring(id, 'PLACED')
    await shop.enter()
    await entered(`order:${id}`, {
      user_id: '1',
      total_amount: '39.98',
      items: '[{"product_id":1,"quantity":1,"unit_price":19.99},{"product_id":2,"quantity":1,"unit_price":19.99}]',
      payment_link: `http://shop.example/payments-api/payments/process/${7000 + id}`,
      is_paid: 'false',
      status: 'PLACED',
      version: '2',
    })
    await entered('stock:3', {
      quantity: '2',
      product_name: 'Gadget XYZ',
      product_sku: 'GG12345',
      product_unit_price: '5.75',
      version: '1',
    })
  })

  it('F35: gets nothing of a transaction that is rolled back', async () => {
    await shop.enter()
    await quick(() => get('/stocks/3'))
    const attempt = shop.work.transaction(async (unit) => {
      await unit.query('update store.stocks set quantity = 77, version = version + 1 where product_id = 3')
      unit.changed('stock', [3])
      throw new Error('no')
    })
    await expect(attempt).rejects.toThrow('no')
    await setLevel(4, 5)
    await entered('stock:4', { quantity: '5' })
    expect([(await hash('stock:3')).quantity, await levelOf(3)]).toEqual(['2', 2])
  })

  it('F33: what an older projection writes late is not shown, after a newer one or after a reader of the tables', async () => {
    const store = shop.store()
    const late: (() => Promise<void>)[] = []
    const delayed: ReadStore = {
      ...boundStore(store),
      write: async (kind, entries, generation) => {
        // The first projection stands still with what it has read.
        if (kind === 'stock' && late.length === 0) late.push(() => store.write(kind, entries, generation))
        else await store.write(kind, entries, generation)
      },
    }
    await shop.enter(delayed)
    await eventually(() => late.length === 1)
    await shop.leave()
    // Nobody enters anything now: whoever reads fills what is missing from the tables, and is not contradicted later.
    await setLevel(3, 50)
    expect(await levelOf(3)).toBe(50)
    await late[0]?.()
    expect([await levelOf(3), (await hash('stock:3')).quantity]).toEqual([50, '50'])
    await shop.enter()
    await setLevel(3, 60)
    await late[0]?.().catch(() => {})
    expect(await levelOf(3)).toBe(60)
  })

  it('F33: a reader of the write side lets nothing older in', async () => {
    await shop.enter()
    await quick(() => get('/stocks/3'))
    await server.operator.del('stock:3')
    const again = await shop.standStill()
    await shop.leave()
    await setLevel(3, 50)
    expect(await levelOf(3)).toBe(50)
    const store = shop.store()
    const older = { id: 3, version: 1, fields: { quantity: '2' } }
    await store.write('stock', [older], await store.generation())
    await store.vouch(await store.generation(), (await store.now()) + 60_000)
    await eventually(async () => (await store.readVouched('stock', [3])).entries[0] === undefined)
    expect(await levelOf(3)).toBe(50)
    await again()
  })

  it('is not shown while nobody vouches for it, as when its projection has stopped', async () => {
    const id = await shop.place()
    await shop.enter()
    await quick(() => get(`/orders/${id}`))
    await shop.leave()
    await shop.bring(id, 'PLACED')
    // The answer to a write: it ends although nobody enters anything.
    await counter.waits.order(id, 5_000, ({ status }) => status === 'PLACED')
    expect(await statusOf(id)).toBe('PLACED')
    await shop.enter()
    await quick(() => get(`/orders/${id}`))
    expect(await statusOf(id)).toBe('PLACED')
  })

  it('follows the tables: it gets nothing that their projection has not applied', async () => {
    await shop.enter()
    await quick(() => get('/stocks/3'))
    const again = await shop.standStill()
    expect((await setLevel(3, 50)).statusCode).toBe(201)
    expect((await hash('stock:3')).quantity).toBe('2')
    await again()
    await entered('stock:3', { quantity: '50' })
  })

  it('F3: does again what it could not note, and loses nothing', async () => {
    let failing = true
    const database = faultyDatabase(shop.work.ports.database, (moment) => (failing && moment === 'commit' ? '08006' : undefined))
    const id = await shop.place()
    await shop.enter()
    await quick(() => get(`/orders/${id}`))
    failing = false
    const projector = await shop.enter(shop.store(), withDatabase(shop.work, database))
    await quick(() => get(`/orders/${id}`))
    failing = true
    await shop.bring(id, 'PLACED')
    await eventually(() => projector.trouble !== null)
    expect(await statusOf(id)).toBe('PLACED')
    failing = false
    await eventually(() => projector.trouble === null)
    await quick(() => get(`/orders/${id}`))
    expect(await statusOf(id)).toBe('PLACED')
  })

  it('I12: a rebuild makes it again, too, whatever somebody has written into it or into the tables', async () => {
    const id = await shop.place()
    await shop.bring(id, 'PLACED')
    await shop.enter()
    await quick(() => get(`/orders/${id}`))
    await shop.work.query(`update store_view.orders set status = 'PAID', version = version + 10`)
    await server.operator.hset('stock:3', { quantity: '999', version: '1000' })
    await server.operator.hset(`order:${id}`, { status: 'CANCELLED', version: '1000' })
    await new Rebuilds(shop.work.ports).rebuild()
    await entered('stock:3', { quantity: '2', version: '1' })
    await entered(`order:${id}`, { status: 'PLACED', version: '2' })
    await quick(() => get(`/orders/${id}`))
    expect([await levelOf(3), await statusOf(id)]).toEqual([2, 'PLACED'])
  })

  it('is made again for a database that was restored, which knows less than the read store', async () => {
    const id = await shop.place()
    await shop.bring(id, 'PLACED')
    await shop.enter()
    await quick(() => get(`/orders/${id}`))
    await shop.leave()
    const again = await shop.standStill()
    await shop.work.query(`update store.orders set status = 'PENDING', version = 1`)
    await shop.work.query(`update store_view.orders set status = 'PENDING', version = 1`)
    // As the epoch does when it is raised.
    await shop.work.query(`update store.position set epoch = 0, txid = '0', pos = 0`)
    await again()
    await shop.enter()
    await entered(`order:${id}`, { status: 'PENDING', version: '1' })
    await quick(() => get(`/orders/${id}`))
    expect(await statusOf(id)).toBe('PENDING')
  })

  it('is made again when the log does not hold any more what has changed since', async () => {
    const id = await shop.place()
    await shop.enter()
    await quick(() => get(`/orders/${id}`))
    await shop.leave()
    const before = (await hash(`order:${id}`)).status
    await shop.bring(id, 'PLACED')
    await counter.waits.order(id, 5_000, ({ status }) => status === 'PLACED')
    await shop.work.query('delete from store.log')
    await shop.enter()
    await entered(`order:${id}`, { status: 'PLACED', version: '2' })
    await quick(() => get(`/orders/${id}`))
    expect([before, await statusOf(id)]).toEqual(['PENDING', 'PLACED'])
  })

  it('reads from the tables what somebody has made unreadable', async () => {
    const id = await shop.place()
    await shop.enter()
    await quick(() => get(`/orders/${id}`))
    const before = await get(`/orders/${id}`)
    for (const [field, text] of [
      ['items', '[{]'],
      ['items', '7'],
      ['total_amount', 'much'],
      ['created_at', 'once'],
    ] as const) {
      const right = (await hash(`order:${id}`))[field] ?? ''
      await server.operator.hset(`order:${id}`, field, text)
      expect(await get(`/orders/${id}`)).toEqual(before)
      await server.operator.hset(`order:${id}`, field, right)
    }
    await server.operator.hset('stock:3', 'quantity', '-1')
    expect(await levelOf(3)).toBe(2)
  })

  it('gets all there is when it is begun in a store with a past', async () => {
    await shop.work.query(
      `insert into store_view.orders select n, gen_random_uuid(), 1, 100, '[]', null, 'CANCELLED', null, now(), 3 from generate_series(1, 950) as n`,
    )
    await shop.enter()
    await eventually(async () => (await server.operator.keys('order:*')).length === 950)
    await eventually(async () => (await server.operator.exists('complete:1')) === 1)
    expect((await hash('order:1')).status).toBe('CANCELLED')
  })
})

const withDatabase = ({ name, epoch, ports }: Service, database: Service['ports']['database']): Service =>
  new Service({ ...ports, database, name, epoch, participants: [] })
