import { describe, expect, it } from 'vitest'
import { eventually, turns } from '../testing/eventually.ts'
import { coalesced } from './coalesced.ts'

describe('coalesced', () => {
  it('publishes the first at once and the rest together, no sooner than after the pause', async () => {
    const published: { names: readonly string[]; late: boolean }[] = []
    let late = false
    const send = coalesced(async (names) => published.push({ names, late }), 20)
    // Begun in the same moment as the pause, by what the loop takes for the time: that may be earlier than any clock says.
    setTimeout(() => {
      late = true
    }, 19)
    send(['a', 'b', 'a'])
    expect(published.map(({ names }) => names)).toEqual([['a', 'b']])
    send(['c'])
    send(['d', 'c'])
    await eventually(() => published.length > 1)
    expect(published[1]).toEqual({ names: ['c', 'd'], late: true })
  })

  it('has one publication under way, however slow, and goes on after one that failed', async () => {
    let finish: (error: Error) => void = () => {}
    const published: (readonly string[])[] = []
    const send = coalesced((names) => {
      published.push(names)
      return new Promise((_, reject) => {
        finish = reject
      })
    }, 1)
    send(['a'])
    send(['b'])
    await eventually(turns(20))
    expect(published).toEqual([['a']])
    finish(new Error('away'))
    await eventually(() => published.length > 1)
    expect(published).toEqual([['a'], ['b']])
  })

  it('publishes nothing for no names', () => {
    const send = coalesced(async () => expect.unreachable())
    send([])
  })
})
