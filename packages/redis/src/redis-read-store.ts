import { randomBytes } from 'node:crypto'
import { type ReadEntry, type ReadStore, ReadStoreError } from '@comptoir/runtime'
import type { Redis } from 'ioredis'
import { attempted, connect } from './connection.ts'
import { within } from './deadline.ts'
import { currentGeneration, dropEntries, openGeneration, type Script, writeEntries } from './scripts.ts'

export interface RedisReadStoreOptions {
  /** `redis://` or `rediss://`: one server of Redis 6 or later, or the master of several; no cluster. */
  readonly url: string
  /** Stands before every key, where several systems share one server. */
  readonly prefix?: string
  /** So long an answer is waited for. */
  readonly timeoutMs?: number
}

/** Entries of one script: it keeps the server from everything else for two to five milliseconds. */
const mostAtOnce = 500
/**
 * The mark of a dropped entry is replaced by the next write of it. What is gone for good is written no more, so that its mark
 * goes by itself, after a time in which any write that was still under way has long come to its end.
 */
const markSeconds = 86_400

/** Fields of a hash that are not the entry's own. */
const version = 'version'
const generation = 'generation'
const dropped = 'dropped'
const reserved: ReadonlySet<string> = new Set([version, generation, dropped])

/**
 * A read model in Redis: a hash `order:17` per entry, with its fields, its `version` and the `generation` it was written under.
 *
 * Versions never go back for a reader, by three things, each checked by the server in the script that writes:
 * - A version is never written over a newer one.
 * - A dropped entry leaves its version behind, so that an older one, read before the drop and written after it, is refused.
 * - What Redis has lost, it cannot compare with. So every loss ends the generation (the token is lost with the entries, and it
 *   names the run of the server, so that one from a dump or from a replica is not valid either): entries of an earlier one are
 *   read as missing, and writes of values that were read under an earlier one are refused.
 *
 * Memory: one hash per order and per product for as long as they exist, some 700 bytes each. Set `maxmemory-policy noeviction`,
 * the default: a full server then refuses and the write side answers, but an entry that was evicted forgets its version.
 */
export function redisReadStore(options: RedisReadStoreOptions): ReadStore {
  return new RedisReadStore(options)
}

class RedisReadStore implements ReadStore {
  readonly #redis: Redis
  readonly #attempted: Promise<void>
  readonly #prefix: string
  readonly #timeoutMs: number

  constructor({ url, prefix = '', timeoutMs = 200 }: RedisReadStoreOptions) {
    this.#redis = connect(url)
    this.#attempted = attempted(this.#redis)
    this.#prefix = prefix
    this.#timeoutMs = timeoutMs
  }

  async read(kind: string, ids: readonly number[]): Promise<(ReadEntry | undefined)[]> {
    if (ids.length === 0) return []
    return this.#ask(async () => {
      const pipeline = this.#redis.pipeline().eval(currentGeneration.text, 1, this.#generationKey)
      for (const id of ids) pipeline.hgetall(this.#key(kind, id))
      const [now, ...hashes] = (await pipeline.exec()) ?? []
      const [error, token] = now ?? []
      if (error) throw error
      return ids.map((id, index) => {
        const [failed, hash] = hashes[index] ?? []
        // Somebody's key of that name and another type: the next write replaces it.
        if (failed && !failed.message.startsWith('WRONGTYPE')) throw failed
        return failed ? undefined : entryOf(id, hash as Record<string, string>, token as string | null)
      })
    })
  }

  async write(kind: string, entries: readonly ReadEntry[], under: string): Promise<void> {
    for (let from = 0; from < entries.length; from += mostAtOnce) {
      const some = entries.slice(from, from + mostAtOnce)
      const keys = some.map(({ id }) => this.#key(kind, id))
      const written = await this.#run(writeEntries, keys, [under, ...some.flatMap(encoded)])
      if (written === null) throw new ReadStoreError('the read store has lost entries since that generation')
    }
  }

  async drop(kind: string, entries: readonly Pick<ReadEntry, 'id' | 'version'>[]): Promise<void> {
    for (let from = 0; from < entries.length; from += mostAtOnce) {
      const some = entries.slice(from, from + mostAtOnce)
      const keys = some.map(({ id }) => this.#key(kind, id))
      await this.#run(dropEntries, keys, [String(markSeconds), ...some.map((entry) => String(entry.version))])
    }
  }

  async generation(): Promise<string> {
    return (await this.#run(openGeneration, [], [randomBytes(8).toString('hex')])) as string
  }

  async close(): Promise<void> {
    this.#redis.disconnect()
  }

  get #generationKey(): string {
    return `${this.#prefix}${generation}`
  }

  #key(kind: string, id: number): string {
    return `${this.#prefix}${kind}:${id}`
  }

  #run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#ask(() => script.run(this.#redis, [this.#generationKey, ...keys], args))
  }

  /** Only the first question waits for a connection: later ones are asked of the write side while there is none. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const connected = this.#attempted.then(() => {
      if (this.#redis.status !== 'ready') throw new Error('no connection')
    })
    try {
      return await within(this.#timeoutMs, connected.then(question))
    } catch (cause) {
      throw new ReadStoreError(`the read store: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
  }
}

function entryOf(id: number, hash: Record<string, string>, now: string | null): ReadEntry | undefined {
  if (now === null || hash[generation] !== now || hash[dropped] !== undefined) return undefined
  const fields = Object.entries(hash).filter(([field]) => !reserved.has(field))
  return { id, version: Number(hash[version]), fields: Object.fromEntries(fields) }
}

function encoded(entry: ReadEntry): string[] {
  const fields = Object.entries(entry.fields)
  const taken = fields.find(([field]) => reserved.has(field))
  if (taken) throw new TypeError(`an entry cannot have a field named ${taken[0]}`)
  return [String(entry.version), String(fields.length * 2), ...fields.flat()]
}
