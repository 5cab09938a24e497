import { expect, it, onTestFinished } from 'vitest'
import { startRedis } from '../../scripts/servers/redis.mjs'
import { databaseUrl } from '../kit/servers/addresses.ts'
import { Shop } from '../kit/shop.ts'
import { ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

const rounds = 20
const clerksOfEach = 6

it('F49: of clerks at two instances who have read one level and set it at once, exactly one wins, every time, with Redis between', async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop('kill'))
  const database = await ownDatabase(databaseUrl())
  onTestFinished(() => database.drop())
  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url }
  const instances = await Promise.all([1, 2].map(() => startInstance(env)))
  const shops = instances.map(({ url }) => new Shop(url))
  const [first, second] = shops as [Shop, Shop]
  const product_id = await first.product({ stock: 1 })
  for (let round = 0; round < rounds; round += 1) {
    const etag = (await second.get(`/store-api/stocks/${product_id}`)).headers.get('etag') ?? ''
    const set = (shop: Shop, quantity: number) => shop.post('/store-api/stocks', { product_id, quantity }, { 'if-match': etag })
    const clerks = shops.flatMap((shop, s) => Array.from({ length: clerksOfEach }, (_, n) => [shop, 100 * s + n] as const))
    const answers = await Promise.all(clerks.map(async ([shop, quantity]) => ({ quantity, ...(await set(shop, quantity)) })))
    const winners = answers.filter(({ status }) => status === 201)
    expect(winners, `round ${round}, ${etag}: ${answers.map(({ status }) => status).join(' ')}`).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(2 * clerksOfEach - 1)
    expect(await first.stock(product_id)).toBe(winners[0]?.quantity)
  }
  for (const instance of instances) expect((await instance.stop()).code, instance.output()).toBe(0)
}, 120_000)
