import { randomUUID } from 'node:crypto'
import type { Signals } from '../ports/signals.ts'
import { coalesced } from './coalesced.ts'
import { decodeSignals, encodeSignals } from './signal-message.ts'

/** The signals of one process, and the way in for those of others. */
export interface LocalSignals extends Signals {
  /** Wakes whoever waits here for what a process, this one or another, has published. */
  receive(message: string): void
  /** Wakes everybody here: what others sent may have been missed. */
  wakeAll(): void
}

/**
 * Signals within one process.
 *
 * @param publish brings a message to the other processes, where `receive` takes it. It may fail: then only a wake-up is lost
 */
export function localSignals(publish?: (message: string) => Promise<unknown>): LocalSignals {
  const self = randomUUID()
  const counts = new Map<string, number>()
  const waiting = new Map<string, Set<() => void>>()
  const claims = new Map<string, number>()
  const tellOthers = publish && coalesced((names) => publish(encodeSignals({ sender: self, names })))

  function wake(names: Iterable<string>): void {
    for (const name of names) {
      counts.set(name, (counts.get(name) ?? 0) + 1)
      const listeners = waiting.get(name)
      if (!listeners) continue
      waiting.delete(name)
      for (const listener of listeners) listener()
    }
  }

  // Names that nobody has sent or looked at are only slept on.
  const wakeAll = () => wake([...counts.keys()])

  return {
    send(names) {
      const sent = [...names]
      wake(sent)
      const others = sent.filter((name) => !claims.has(name))
      if (others.length > 0) tellOthers?.(others)
    },
    claim(names) {
      const claimed = [...names]
      for (const name of claimed) claims.set(name, (claims.get(name) ?? 0) + 1)
      return () => {
        for (const name of claimed.splice(0)) {
          const left = (claims.get(name) ?? 0) - 1
          if (left > 0) claims.set(name, left)
          else claims.delete(name)
        }
      }
    },
    receive(text) {
      const message = decodeSignals(text)
      if (!message || message.sender === self) return
      if (message.names.length > 0) wake(message.names)
      else wakeAll()
    },
    wakeAll,
    seen(name) {
      const count = counts.get(name) ?? 0
      counts.set(name, count)
      return count
    },
    wait(name, before, ms, abort) {
      if ((counts.get(name) ?? 0) !== before || abort?.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const listeners = waiting.get(name) ?? new Set()
        waiting.set(name, listeners)
        const finish = () => {
          clearTimeout(timer)
          abort?.removeEventListener('abort', finish)
          listeners.delete(finish)
          resolve()
        }
        const timer = setTimeout(finish, ms)
        abort?.addEventListener('abort', finish)
        listeners.add(finish)
      })
    },
  }
}
