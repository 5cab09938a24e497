import type { Transaction } from './ports/database.ts'

/** An idempotency key as a request brings it: its scope (principal and route), and what the request was. */
export interface KeyClaim {
  readonly scope: string
  readonly key: string
  readonly fingerprint: string
}
/** A key that was used before: by which request, and what its answer is derived from. */
export interface StoredKey {
  readonly fingerprint: string
  readonly answer: string
}

/**
 * Claims keys in the business transaction, sorted, each once; answers those that were used before, by `scope key`. An
 * equal key that another transaction is claiming is waited for by the database.
 */
export async function claimKeys(
  tx: Transaction,
  schema: string,
  claims: readonly (KeyClaim & { readonly answer: string })[],
): Promise<Map<string, StoredKey>> {
  const sorted = [...claims].sort((a, b) => (`${a.scope} ${a.key}` < `${b.scope} ${b.key}` ? -1 : 1))
  const scopes = sorted.map((claim) => claim.scope)
  const keys = sorted.map((claim) => claim.key)
  const fresh = await tx.query<{ scope: string; key: string }>(
    `insert into ${schema}.idempotency_key (scope, key, fingerprint, answer)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) on conflict do nothing returning scope, key`,
    [scopes, keys, sorted.map((claim) => claim.fingerprint), sorted.map((claim) => claim.answer)],
  )
  if (fresh.length === claims.length) return new Map()
  const isFresh = new Set(fresh.map((row) => `${row.scope} ${row.key}`))
  const rows = await tx.query<StoredKey & { scope: string; key: string }>(
    `select k.scope, k.key, k.fingerprint, k.answer
     from unnest($1::text[], $2::text[]) as c(scope, key) join ${schema}.idempotency_key as k on k.scope = c.scope and k.key = c.key`,
    [scopes, keys],
  )
  return new Map(rows.map((row) => [`${row.scope} ${row.key}`, row] as const).filter(([name]) => !isFresh.has(name)))
}

/** A refused request leaves no key. */
export async function releaseKeys(tx: Transaction, schema: string, claims: readonly KeyClaim[]): Promise<void> {
  await tx.query(
    `delete from ${schema}.idempotency_key as k using unnest($1::text[], $2::text[]) as c(scope, key) where k.scope = c.scope and k.key = c.key`,
    [claims.map((claim) => claim.scope), claims.map((claim) => claim.key)],
  )
}

/** Keeps what a key's request answered, for routes whose answer follows from no saga. */
export async function rememberAnswer(tx: Transaction, schema: string, claim: KeyClaim, answer: string): Promise<void> {
  await tx.query(`update ${schema}.idempotency_key set answer = $3 where scope = $1 and key = $2`, [
    claim.scope,
    claim.key,
    answer,
  ])
}

/** The keys of requests that have not been answered yet: an equal one that comes meanwhile is told so. */
export class OpenKeys {
  readonly #open = new Set<string>()

  /** Runs `work`; undefined when another request with an equal key is in hand. */
  async once<T>(key: KeyClaim | undefined, work: () => Promise<T>): Promise<T | undefined> {
    if (!key) return work()
    const name = `${key.scope} ${key.key}`
    if (this.#open.has(name)) return undefined
    this.#open.add(name)
    try {
      return await work()
    } finally {
      this.#open.delete(name)
    }
  }
}
