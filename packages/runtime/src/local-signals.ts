import type { Signals } from './ports/signals.ts'

/** Signals within one process. */
export function localSignals(): Signals {
  const counts = new Map<string, number>()
  const waiting = new Map<string, Set<() => void>>()
  return {
    send(names) {
      for (const name of names) {
        counts.set(name, (counts.get(name) ?? 0) + 1)
        const listeners = waiting.get(name)
        if (!listeners) continue
        waiting.delete(name)
        for (const wake of listeners) wake()
      }
    },
    seen: (name) => counts.get(name) ?? 0,
    wait(name, seen, ms, abort) {
      if ((counts.get(name) ?? 0) !== seen || abort?.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const listeners = waiting.get(name) ?? new Set()
        waiting.set(name, listeners)
        const wake = () => {
          clearTimeout(timer)
          abort?.removeEventListener('abort', wake)
          listeners.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        abort?.addEventListener('abort', wake)
        listeners.add(wake)
      })
    },
  }
}
