import { eventually } from '../../../packages/runtime/src/testing/eventually.ts'
import { boundStore, type ReadStoreShop } from './read-store.fixture.ts'
import { ReadingLoad, someReads } from './reading-load.fixture.ts'

/** The clients of two instances that have a read store. */
export class ReadStoreLoad extends ReadingLoad {
  /** Entries that were found in the read store. */
  hits = 0

  static async open(shop: ReadStoreShop): Promise<ReadStoreLoad> {
    const counter = () => {
      const store = shop.store()
      return shop.counter({
        ...boundStore(store),
        async readVouched(kind, ids) {
          const reading = await store.readVouched(kind, ids)
          load.hits += reading.entries.filter((entry) => entry !== undefined).length
          return reading
        },
      })
    }
    const load = new ReadStoreLoad(shop, [await counter(), await counter()])
    return load.start()
  }

  /** Resolves when Redis has answered a good deal more. */
  async usesRedis(): Promise<void> {
    const hits = this.hits + someReads
    await eventually(() => this.faults.length > 0 || this.hits >= hits, 30_000)
  }

  /** Resolves when both instances answer from the read store alone. */
  async isQuick(): Promise<void> {
    const [order] = this.orders.keys()
    for (const counter of this.counters) {
      await eventually(async () => {
        const before = counter.statements()
        await counter.app.inject('/stocks/1')
        await counter.app.inject(`/orders/${order}`)
        return counter.statements() === before
      })
    }
  }
}
