import type { Lag } from '@comptoir/runtime'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { backlogBound, carriersAmong, overload, readersAmong } from './backlog.ts'

const lag = (consumer: string, behind: number, age = 0): Lag => ({ consumer, source: 'store', behind, age })

describe('F14: overload', () => {
  it('takes orders up to both bounds, and whoever is behind counts', () => {
    expect(overload([], 10)).toBeUndefined()
    expect(overload([lag('store/relay', 10, 300)], 10)).toBeUndefined()
    expect(overload([lag('store/relay', 0), lag('payments/relay', 11)], 10)).toMatch(
      /^11 messages wait .+ nothing was written\. .+ send this one again/,
    )
    expect(overload([lag('payments/relay', 1, 300.5), lag('store/relay', 2, 3)], 10)).toMatch(
      /^A message waits for 300 s .+again/,
    )
  })

  it('counts who carries messages between the services, not what projections are behind', () => {
    const all = ['store', 'store.control/relay', 'store/relay', 'payments', 'store.changes', 'held', 'store.redis'].map((name) =>
      lag(name, 1),
    )
    const names = (broker: boolean) => carriersAmong(all, ['store', 'payments'], broker).map(({ consumer }) => consumer)
    expect(names(true)).toEqual(['store.control/relay', 'store/relay'])
    expect(names(false)).toEqual(['store', 'payments'])
  })
})

it.each([
  ['with Kafka', { broker: true, feed: false }, ['store/relay', 'store.changes']],
  ['with its feed', { broker: true, feed: true }, ['store/relay', 'feed/relay', 'store.changes']],
  ['without Kafka, any more, too', { broker: false, feed: false }, ['store', 'store.control', 'store.changes']],
])('%s, those who read no more are not behind', (_, carried, names) => {
  const all = ['store', 'store.control', 'store/relay', 'feed/relay', 'store.changes'].map((name) => lag(name, 1))
  expect(readersAmong(all, ['store'], carried).map(({ consumer }) => consumer)).toEqual(names)
})

describe('BACKLOG_ROWS', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('is a million, or what it says', () => {
    expect(backlogBound()).toBe(1_000_000)
    vi.stubEnv('BACKLOG_ROWS', '25')
    expect(backlogBound()).toBe(25)
  })

  it.each(['0', '-1', '1e6', '1000000000', 'many', ''])('%j is refused with what to do', (text) => {
    vi.stubEnv('BACKLOG_ROWS', text)
    expect(backlogBound).toThrow(/^BACKLOG_ROWS is a number of messages, from 1 to 999999999: correct it\.$/)
  })
})
