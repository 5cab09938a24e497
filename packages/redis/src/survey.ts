import { Redis } from 'ioredis'

export interface RedisSurvey {
  readonly version: string
  /** `master` or `replica`. */
  readonly role: string
  /** What it does when its memory is full: `noeviction` refuses, anything else forgets entries. */
  readonly whenFull: string
}

/** Looks at a server; changes nothing. @throws Error within some seconds when it does not answer */
export async function surveyRedis(url: string): Promise<RedisSurvey> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 3_000, commandTimeout: 3_000, retryStrategy: () => null })
  let reason: Error | undefined
  redis.on('error', (error) => {
    reason = error
  })
  try {
    await redis.connect()
    const info = await redis.info()
    const field = (name: string) => new RegExp(`^${name}:(.*)\r?$`, 'm').exec(info)?.[1]?.trim() ?? 'unknown'
    return { version: field('redis_version'), role: field('role'), whenFull: field('maxmemory_policy') }
  } catch (error) {
    throw reason ?? error
  } finally {
    redis.disconnect()
  }
}
