import { afterAll, beforeAll, expect } from 'vitest'
import { type StartOptions, type StoreProcess, startStore } from './process.ts'
import { Shop } from './shop.ts'

/** What the tests of one file talk to. */
export interface Suite {
  readonly shop: Shop
  readonly process: StoreProcess
}

/** A real process for the tests of a file, stopped after them. It must end as it should: a clean stop is part of every test. */
export function withStore(options: StartOptions = {}): Suite {
  let running: StoreProcess | undefined
  const found = (): StoreProcess => {
    if (!running) throw new Error('The store runs within tests only')
    return running
  }
  beforeAll(async () => {
    running = await startStore(options)
  })
  afterAll(async () => {
    if (running) expect(await running.stop()).toEqual({ code: 0, signal: null })
  })
  return {
    get shop() {
      return new Shop(found().url)
    },
    get process() {
      return found()
    },
  }
}
