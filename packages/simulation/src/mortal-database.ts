import type { Database, Transaction } from '@comptoir/runtime'

/** Where a process may die: when a transaction is about to commit (it is rolled back), or when it has (nobody is told). */
export interface CrashMoment {
  readonly at: 'beforeCommit' | 'afterCommit'
  /** Which such moment of the simulation it is: 1, 2, … over all lives of the process. */
  readonly nth: number
  /** A number in [0, 1) by the seed: `({ chance }) => chance < 0.01` dies at one moment in a hundred. */
  readonly chance: number
}

/** What stands between a process and its database. */
export interface Mortality {
  /** Whether the process lives. Nothing that a dead one asked for is ever answered. */
  readonly alive: boolean
  /** Answers whether the process has died here. */
  dies(at: CrashMoment['at']): boolean
  /** Notes that something was asked (1) or answered (-1). */
  asked(change: 1 | -1): void
}

const never = <T>(): Promise<T> => new Promise(() => {})
const died = new Error('the process died here')

/** A database as a process sees it that may die at any commit. */
export function mortalDatabase(inner: Database, mortality: Mortality): Database {
  async function answer<T>(ask: () => Promise<T>): Promise<T> {
    if (!mortality.alive) return never()
    mortality.asked(1)
    try {
      const found = await ask()
      return mortality.alive ? found : never()
    } catch (error) {
      if (!mortality.alive) return never()
      throw error
    } finally {
      mortality.asked(-1)
    }
  }
  return {
    query: (text, values) => answer(() => inner.query(text, values)),
    script: (text) => answer(() => inner.script(text)),
    close: () => inner.close(),
    transaction: <T>(work: (tx: Transaction) => Promise<T>) =>
      answer(async () => {
        const result = await inner.transaction(async (tx) => {
          const worked = await work(tx)
          if (mortality.dies('beforeCommit')) throw died
          return worked
        })
        mortality.dies('afterCommit')
        return result
      }),
  }
}
