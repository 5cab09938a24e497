import { Redis } from 'ioredis'

/** Without any answer for this long, a connection is given up: its server was stopped, or vanished without a word. */
const silenceMs = 1_000
const longestRetryMs = 2_000

/**
 * A connection that is made again for as long as it takes. While it is lost, commands fail at once, and those under way when
 * it was lost fail too: whoever asked knows better than a queue whether to ask again.
 *
 * @param onFailure told why an attempt has failed; each is followed by another one
 */
export function connect(url: string, onFailure: (error: Error) => void = () => {}): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    connectTimeout: silenceMs,
    socketTimeout: silenceMs,
    disconnectTimeout: 100,
    maxLoadingRetryTime: 500,
    retryStrategy: (times) => Math.min(50 * 2 ** (times - 1), longestRetryMs) * (0.5 + Math.random() / 2),
    // The server has become a replica: its address may lead to the new master.
    reconnectOnError: (error) => error.message.includes('READONLY'),
  })
  // Without a listener it would be printed.
  redis.on('error', onFailure)
  return redis
}

/** Resolves when the first attempt to connect has come to its end, well or not. */
export function attempted(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    for (const end of ['ready', 'close', 'end']) redis.once(end, resolve)
  })
}
