import { type ReadStore, ReadStoreProjector, type Service } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import type { Redis } from 'ioredis'
import { redisReadStore } from '../../../packages/redis/src/redis-read-store.ts'
import { eventually } from '../../../packages/runtime/src/testing/eventually.ts'
import { EntryReads } from './entry-reads.ts'
import { storeEntries } from './read-store.ts'
import { readStoreDifferences } from './read-store-differences.fixture.ts'
import { type Counter, linkTo, ReadingShop, seededStore } from './reading-shop.fixture.ts'
import { seedStore } from './seed/seed.ts'

const CLEAR = `
  truncate store.users, store.products, store.stocks, store.stock_ledger, store.orders, store.order_items, store.log,
    store_view.orders, store_view.stock, store_view.counted, store_view.spending, store_view.sold restart identity`

/** The store's methods, for an object that replaces some of them. */
export const boundStore = (store: ReadStore): ReadStore => ({
  read: (kind, ids) => store.read(kind, ids),
  readVouched: (kind, ids) => store.readVouched(kind, ids),
  write: (kind, entries, generation) => store.write(kind, entries, generation),
  drop: (kind, entries) => store.drop(kind, entries),
  generation: () => store.generation(),
  renew: () => store.renew(),
  now: () => store.now(),
  vouch: (generation, until) => store.vouch(generation, until),
  close: () => store.close(),
})

/** A store whose instances share one database and one Redis, with both projections. */
export class ReadStoreShop extends ReadingShop {
  #entering: ReadStoreProjector | undefined
  readonly #url: () => string

  private constructor(work: Service, url: () => string) {
    super(work)
    this.#url = url
  }

  /** @param url of the Redis server, as it is when a connection is opened */
  static async open(url: () => string): Promise<ReadStoreShop> {
    return new ReadStoreShop(await seededStore(await openPglite({})), url).start()
  }

  /** Opens another connection to the read store. */
  store(): ReadStore {
    const store = redisReadStore({ url: this.#url() })
    this.closing.push(() => store.close())
    return store
  }

  /** Opens an instance with the read store. */
  override counter(store = this.store()): Promise<Counter> {
    return this.instance(new EntryReads('store', store, this.work.ports.signals))
  }

  /** Begins to keep the read store, the first time or again. */
  async enter(store = this.store(), work = this.work): Promise<ReadStoreProjector> {
    await this.#entering?.stop()
    this.#entering = new ReadStoreProjector(work, store, storeEntries(linkTo))
    await this.#entering.start()
    return this.#entering
  }

  async leave(): Promise<void> {
    await this.#entering?.stop()
  }

  /** Ends all that reads and keeps the read store. */
  override async closeInstances(): Promise<void> {
    await this.leave()
    await super.closeInstances()
  }

  /** Empties it and fills it with the demo data. */
  async clear(): Promise<void> {
    await this.closeInstances()
    const again = await this.standStill()
    await this.work.ports.database.script(CLEAR)
    await seedStore(this.work)
    await again()
    await eventually(async () => (await this.work.query('select from store_view.stock')).length > 0)
  }

  /** How what Redis holds differs from the tables, by key, both ways. */
  differences(redis: Redis): Promise<string[]> {
    return readStoreDifferences(this.work, redis, linkTo)
  }
}
