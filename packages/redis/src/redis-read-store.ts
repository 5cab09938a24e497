import { randomBytes } from 'node:crypto'
import { type ReadEntry, type Reading, type ReadStore, ReadStoreError } from '@comptoir/runtime'
import type { Redis } from 'ioredis'
import { attempted, connect } from './connection.ts'
import { within } from './deadline.ts'
import {
  currentGeneration,
  dropEntries,
  nextGeneration,
  openGeneration,
  type Script,
  vouchedGeneration,
  vouchUntil,
  writeEntries,
} from './scripts.ts'

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
/** Characters of one script: so many are sent and set well within the time that an answer is waited for. */
const mostTextAtOnce = 500_000
/**
 * The mark of a dropped entry is replaced by the next write of it. What is gone for good is written no more, so that its mark
 * goes by itself, after a time in which any write that was still under way has long come to its end.
 */
const markSeconds = 86_400

/** Fields of a hash that are not the entry's own. */
const version = 'version'
const generation = 'generation'
const dropped = 'dropped'
/** The key that holds the generation that is vouched for. */
const vouched = 'vouched'
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
 * What is newer elsewhere, it cannot know: the key `vouched` holds the generation that may be shown, until its expiry.
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
  /** Why the last attempt to connect has failed; empty when it has not. */
  #failure = ''

  constructor({ url, prefix = '', timeoutMs = 200 }: RedisReadStoreOptions) {
    this.#redis = connect(url, (error: NodeJS.ErrnoException) => {
      // Of several addresses that were tried in vain there is only a code.
      this.#failure = `: ${error.message || error.code}`
    })
    this.#redis.on('ready', () => {
      this.#failure = ''
    })
    this.#attempted = attempted(this.#redis)
    this.#prefix = prefix
    this.#timeoutMs = timeoutMs
  }

  async read(kind: string, ids: readonly number[]): Promise<(ReadEntry | undefined)[]> {
    if (ids.length === 0) return []
    return this.#ask(async () => {
      const [token, hashes] = await this.#hashes([currentGeneration.text, 1, this.#generationKey], kind, ids)
      return ids.map((id, index) => entryOf(id, hashes[index], token as string | null))
    })
  }

  async readVouched(kind: string, ids: readonly number[]): Promise<Reading> {
    return this.#ask(async () => {
      const known = [vouchedGeneration.text, 2, this.#generationKey, this.#vouchedKey, randomText()] as const
      const [answer, hashes] = await this.#hashes(known, kind, ids)
      const [token, valid] = answer as [string, number]
      return { generation: token, entries: ids.map((id, index) => entryOf(id, hashes[index], valid === 1 ? token : null)) }
    })
  }

  async write(kind: string, entries: readonly ReadEntry[], under: string): Promise<void> {
    for (const some of parts(entries)) {
      const keys = some.map(({ id }) => this.#key(kind, id))
      const written = await this.#run(writeEntries, keys, [under, ...some.flatMap(({ texts }) => texts)])
      if (written === null) throw generationEnded()
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
    return (await this.#run(openGeneration, [], [randomText()])) as string
  }

  async renew(): Promise<string> {
    return (await this.#run(nextGeneration, [], [randomText()])) as string
  }

  async now(): Promise<number> {
    const [seconds, microseconds] = await this.#ask(() => this.#redis.time())
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
  }

  async vouch(under: string, until: number): Promise<void> {
    if ((await this.#run(vouchUntil, [this.#vouchedKey], [under, String(until)])) === null) throw generationEnded()
  }

  async close(): Promise<void> {
    this.#redis.disconnect()
  }

  get #generationKey(): string {
    return `${this.#prefix}${generation}`
  }

  get #vouchedKey(): string {
    return `${this.#prefix}${vouched}`
  }

  /** What a script answers, and after it, in the same call, the hashes of these ids. */
  async #hashes(
    [script, keys, ...texts]: readonly [script: string, keys: number, ...texts: string[]],
    kind: string,
    ids: readonly number[],
  ): Promise<[answer: unknown, hashes: (Hash | undefined)[]]> {
    const pipeline = this.#redis.pipeline().eval(script, keys, ...texts)
    for (const id of ids) pipeline.hgetall(this.#key(kind, id))
    const [now, ...hashes] = (await pipeline.exec()) ?? []
    const [error, answer] = now ?? []
    if (error) throw error
    return [
      answer,
      hashes.map(([failed, hash]) => {
        // Somebody's key of that name and another type: the next write replaces it.
        if (failed && !failed.message.startsWith('WRONGTYPE')) throw failed
        return failed ? undefined : (hash as Hash)
      }),
    ]
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
      if (this.#redis.status !== 'ready') throw new Error(`no connection${this.#failure}`)
    })
    try {
      return await within(this.#timeoutMs, connected.then(question))
    } catch (cause) {
      throw new ReadStoreError(`the read store: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
  }
}

type Hash = Readonly<Record<string, string>>

function entryOf(id: number, hash: Hash | undefined, now: string | null): ReadEntry | undefined {
  if (!hash || now === null || hash[generation] !== now || hash[dropped] !== undefined) return undefined
  const fields = Object.entries(hash).filter(([field]) => !reserved.has(field))
  return { id, version: Number(hash[version]), fields: Object.fromEntries(fields) }
}

/** Entries as one script takes them. */
function* parts(entries: readonly ReadEntry[]): Generator<{ id: number; texts: string[] }[]> {
  let part: { id: number; texts: string[] }[] = []
  let length = 0
  for (const entry of entries) {
    const texts = encoded(entry)
    const size = texts.reduce((sum, text) => sum + text.length, 0)
    if (part.length === mostAtOnce || (part.length > 0 && length + size > mostTextAtOnce)) {
      yield part
      part = []
      length = 0
    }
    part.push({ id: entry.id, texts })
    length += size
  }
  if (part.length > 0) yield part
}

function encoded(entry: ReadEntry): string[] {
  const fields = Object.entries(entry.fields)
  const taken = fields.find(([field]) => reserved.has(field))
  if (taken) throw new TypeError(`an entry cannot have a field named ${taken[0]}`)
  return [String(entry.version), String(fields.length * 2), ...fields.flat()]
}

const randomText = () => randomBytes(8).toString('hex')

const generationEnded = () => new ReadStoreError('the read store has lost entries since that generation', { ended: true })
