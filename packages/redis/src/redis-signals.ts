import { localSignals, type Signals } from '@comptoir/runtime'
import { connect } from './connection.ts'

export interface RedisSignalsOptions {
  /** `redis://` or `rediss://`, of Redis 6 or later. */
  readonly url: string
  /** Stands before the channel's name: channels are shared by all databases of a server. */
  readonly prefix?: string
}

/** A connection without news is asked this often whether it still lives. */
const heartbeatMs = 5_000

/**
 * Signals between processes by Redis's publish and subscribe, both on one connection. A lost connection loses only wake-ups:
 * it is made again for as long as it takes, and then everybody here is woken once.
 */
export function redisSignals({ url, prefix = '' }: RedisSignalsOptions): Signals & { close(): Promise<void> } {
  const channel = `${prefix}signals`
  const redis = connect(url)
  const { send, claim, seen, wait, receive, wakeAll } = localSignals((message) => redis.publish(channel, message))
  redis.on('ready', () => {
    redis.subscribe(channel).then(wakeAll, () => {})
  })
  redis.on('message', (_, message) => receive(message))
  const heartbeat = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(() => {})
  }, heartbeatMs).unref()
  return {
    send,
    claim,
    seen,
    wait,
    async close() {
      clearInterval(heartbeat)
      redis.disconnect()
    },
  }
}
