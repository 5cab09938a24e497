import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../runtime/src/testing/eventually.ts'
import { MuteProxy } from '../../runtime/src/testing/mute-proxy.ts'
import { bothHear, signalsConformance } from '../../runtime/src/testing/signals-conformance.ts'
import { redisSignals } from './redis-signals.ts'
import { RedisServer } from './testing/redis-server.ts'

const url = process.env.TEST_REDIS_URL
const never = 3_600_000
type RedisSignals = ReturnType<typeof redisSignals>

describe.skipIf(url === undefined)('redisSignals', () => {
  const prefix = `test-${process.pid}:`
  signalsConformance(
    'redisSignals',
    async () => [redisSignals({ url: url ?? '', prefix }), redisSignals({ url: url ?? '', prefix })],
    {
      apart: true,
      close: async (pair) => void (await Promise.all(pair.map((side) => (side as RedisSignals).close()))),
    },
  )
})

describe.skipIf(url === undefined)('redisSignals and a server in trouble', () => {
  let server: RedisServer
  let near: RedisSignals
  let far: RedisSignals

  beforeEach(async () => {
    server = await RedisServer.start()
    near = redisSignals({ url: server.url })
    far = redisSignals({ url: server.url })
    await bothHear(near, far)
  })
  afterEach(async () => {
    await Promise.all([near.close(), far.close()])
    await server.remove()
  })

  it('wakes its own process while the server is down, and everybody once when it is back', async () => {
    const waiting = far.wait('missed', far.seen('missed'), never)
    const before = far.seen('missed')
    await server.kill()
    const here = near.wait('a', near.seen('a'), never)
    near.send(['a', 'missed'])
    await here
    await server.start()
    await waiting
    expect(far.seen('missed')).toBe(before + 1)
    await bothHear(near, far)
  })

  it('goes on with a server that stood still', async () => {
    server.pause()
    const before = far.seen('a')
    near.send(['a'])
    server.resume()
    await eventually(() => far.seen('a') > before)
    await bothHear(near, far)
  })

  it('gives up a silent connection, though it only listens, and makes a new one', async () => {
    const proxy = await MuteProxy.before(server.url)
    const listener = redisSignals({ url: proxy.url })
    await eventually(() => {
      near.send(['hello'])
      return listener.seen('hello') > 1
    })
    proxy.muteAll()
    await eventually(() => proxy.accepted > 1)
    await bothHear(near, listener)
    await listener.close()
    proxy.close()
  })

  it('hears nothing of another prefix, and survives what others publish', async () => {
    const [stranger, friend] = [1, 2].map(() => redisSignals({ url: server.url, prefix: 'other:' })) as [typeof near, typeof near]
    // Whoever has just subscribed is woken once.
    await bothHear(stranger, friend)
    for (const message of ['', 'nonsense', '{}', '[]', '[1]', 'null']) await server.operator.publish('signals', message)
    const before = stranger.seen('a')
    await bothHear(near, far)
    near.send(['a'])
    await eventually(() => far.seen('a') > 0)
    expect(stranger.seen('a')).toBe(before)
    await Promise.all([stranger.close(), friend.close()])
  })

  it('publishes a storm in few messages', async () => {
    const counted = server.operator.duplicate()
    let messages = 0
    await counted.subscribe('signals')
    counted.on('message', () => {
      messages += 1
    })
    const waiting = far.wait('last', far.seen('last'), never)
    const began = performance.now()
    for (let index = 0; index < 1_000; index++) near.send([`name ${index % 10}`])
    near.send(['last'])
    await waiting
    const turns = Math.ceil((performance.now() - began) / 5) + 2
    expect(messages).toBeLessThanOrEqual(turns)
    counted.disconnect()
  })
})
