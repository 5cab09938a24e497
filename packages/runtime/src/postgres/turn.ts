import { nextTick } from 'node:process'

/** Calls back when everything that can run now has run: after all microtasks, when the statements of one turn are issued. */
export function endOfTurn(callback: () => void): void {
  queueMicrotask(() => nextTick(callback))
}
