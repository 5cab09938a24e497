import type { Server, StartOptions } from './own.mjs'

export interface RedisServer extends Server {
  readonly url: string
}

/** Redis that keeps nothing: after a stop it is empty. */
export function startRedis(options?: StartOptions): Promise<RedisServer>
