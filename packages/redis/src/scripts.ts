import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** A Lua script: the server runs it whole, with nothing between. */
export class Script {
  readonly text: string
  readonly #sha: string

  constructor(text: string) {
    this.text = text
    this.#sha = createHash('sha1').update(text).digest('hex')
  }

  /** Runs it by its hash; a server that does not know it, or not any more, is given its text. */
  async run(redis: Redis, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#sha, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return redis.eval(this.text, keys.length, ...keys, ...args)
    }
  }
}

/**
 * The generation that stands in KEYS[1], false when there is none of this run of the server: one that was loaded from disk or
 * came from a master says nothing about what was lost on the way (a dump is minutes old, a log up to a second).
 */
const current = `
local run = string.sub(string.match(redis.call('info', 'server'), 'run_id:(%x+)') or '', 1, 16)
local function current()
  local stored = redis.pcall('get', KEYS[1])
  return type(stored) == 'string' and string.sub(stored, 1, #run) == run and stored
end
`

/** KEYS: the generation. */
export const currentGeneration = new Script(`${current} return current()`)

/**
 * Answers the generation, made when there is none, and whether anybody vouches for it.
 *
 * KEYS: the generation, the vouching. ARGV: a random text.
 */
export const vouchedGeneration = new Script(`${current}
local known = current()
if known then return {known, redis.pcall('get', KEYS[2]) == known and 1 or 0} end
local made = run .. '.' .. ARGV[1]
redis.call('set', KEYS[1], made)
return {made, 0}
`)

/** Vouches for the expected generation until a moment; answers false when it is another. KEYS: the two. ARGV: it, the moment. */
export const vouchUntil = new Script(`${current}
if current() ~= ARGV[1] then return false end
redis.call('set', KEYS[2], ARGV[1])
redis.call('pexpireat', KEYS[2], ARGV[2])
return 1
`)

/** Makes another generation and answers it. KEYS: the generation. ARGV: a random text. */
export const nextGeneration = new Script(`${current}
local made = run .. '.' .. ARGV[1]
redis.call('set', KEYS[1], made)
return made
`)

/** Answers the generation; when there is none, makes it. KEYS: the generation. ARGV: a random text. */
export const openGeneration = new Script(`${current}
local known = current()
if known then return known end
local made = run .. '.' .. ARGV[1]
redis.call('set', KEYS[1], made)
return made
`)

/**
 * Sets each entry whose stored version is absent or lower; answers false, and sets none, when the generation is not the
 * expected one.
 *
 * KEYS: the generation, entries. ARGV: the expected generation; of each entry the version, how many texts follow, and those:
 * field, text, field, text.
 *
 * When the memory is full, HSET fails and has changed nothing. So it comes before DEL, which then cannot lose a version. DEL is
 * only where fields are left over that the entry has no more (or the mark and the expiry of a dropped one).
 */
export const writeEntries = new Script(`${current}
local generation = ARGV[1]
if current() ~= generation then return false end
local at = 2
for i = 2, #KEYS do
  local key, version, count = KEYS[i], ARGV[at], tonumber(ARGV[at + 1])
  local stored = redis.pcall('hmget', key, 'version', 'generation', 'dropped')
  if stored.err then
    redis.call('del', key)
    stored = {}
  end
  local known = stored[2] == generation and tonumber(stored[1]) or -1
  local wanted = tonumber(version)
  if known < wanted or (known == wanted and stored[3]) then
    local function set()
      redis.call('hset', key, 'version', version, 'generation', generation, unpack(ARGV, at + 2, at + 1 + count))
    end
    set()
    if redis.call('hlen', key) ~= 2 + count / 2 then
      redis.call('del', key)
      set()
    end
  end
  at = at + 2 + count
end
return 1
`)

/**
 * Replaces each entry that is older than the version given by a mark: no older one is written here for ARGV[1] seconds.
 *
 * KEYS: the generation, entries. ARGV: seconds, of each entry the version.
 *
 * It works when the memory is full too: a script whose first write is a DEL may go on to write what it wants.
 */
export const dropEntries = new Script(`${current}
local generation = current()
if not generation then return 1 end
for i = 2, #KEYS do
  local key, floor = KEYS[i], ARGV[i]
  local stored = redis.pcall('hmget', key, 'version', 'generation')
  local known = not stored.err and stored[2] == generation and tonumber(stored[1]) or -1
  if known < tonumber(floor) then
    redis.call('del', key)
    redis.call('hset', key, 'version', floor, 'generation', generation, 'dropped', '1')
    redis.call('expire', key, ARGV[1])
  end
end
return 1
`)
