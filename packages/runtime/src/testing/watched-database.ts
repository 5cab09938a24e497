import { setImmediate as turn } from 'node:timers/promises'
import type { Database } from '../ports/database.ts'

/** A database; and a wait until everything that was asked of it by now has been answered, and whoever asked knows. */
export function watchedDatabase(inner: Database): { database: Database; answered(): Promise<void> } {
  const underway = new Set<Promise<unknown>>()
  const watch = <T>(answer: Promise<T>): Promise<T> => {
    const told = answer.then(
      () => {},
      () => {},
    )
    underway.add(told)
    void told.then(() => underway.delete(told))
    return answer
  }
  return {
    database: {
      query: (text, values) => watch(inner.query(text, values)),
      transaction: (work) => watch(inner.transaction(work)),
      script: (text) => inner.script(text),
      close: () => inner.close(),
    },
    async answered() {
      await Promise.all(underway)
      await turn()
    },
  }
}
