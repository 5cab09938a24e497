import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Entry, type ReadStore, ReadStoreError } from '../ports/read-store.ts'
import { eventually } from './eventually.ts'

export interface ReadStoreFeatures {
  /** Empties the store behind the back of its clients. */
  empty(): Promise<void>
}

/** An entry whose texts tell its version. */
export const entryOf = (id: number, version: number): Entry => ({
  id,
  version,
  // Odd versions have a field that even ones do not have.
  fields: { status: `version ${version}`, ...(version % 2 === 1 ? { odd: 'yes' } : {}) },
})

/**
 * What every adapter of the ReadStore port does.
 *
 * @param open another client of one and the same store
 */
export function readStoreConformance(name: string, open: () => Promise<ReadStore>, features: ReadStoreFeatures): void {
  describe(`ReadStore: ${name}`, () => {
    let store: ReadStore
    let other: ReadStore
    let ids = 0
    /** An id of one test alone. */
    const fresh = () => ++ids
    const write = async (version: number, id: number, by = store) =>
      by.write('order', [entryOf(id, version)], await by.generation())
    const read = async (id: number, by = store) => (await by.read('order', [id]))[0]

    beforeAll(async () => {
      store = await open()
      other = await open()
    })
    afterAll(() => Promise.all([store.close(), other.close()]))

    it('reads whole entries in the order of the ids, for every client', async () => {
      const [a, b, none] = [fresh(), fresh(), fresh()]
      const entries = [entryOf(a, 1), entryOf(b, 2)]
      await store.write('order', entries, await store.generation())
      expect(await other.read('order', [b, none, a, b])).toEqual([entries[1], undefined, entries[0], entries[1]])
    })

    it('keeps every text as it is', async () => {
      const id = fresh()
      const fields = {
        empty: '',
        lines: 'a\r\nb\0c',
        signs: 'é 👋 "\\',
        number: '007',
        long: 'x'.repeat(100_000),
        'a field': 'y',
      }
      await store.write('order', [{ id, version: Number.MAX_SAFE_INTEGER, fields }], await store.generation())
      expect(await read(id)).toEqual({ id, version: Number.MAX_SAFE_INTEGER, fields })
    })

    it('keeps an entry without fields, and kinds apart', async () => {
      const id = fresh()
      await store.write('order', [{ id, version: 1, fields: {} }], await store.generation())
      expect(await read(id)).toEqual({ id, version: 1, fields: {} })
      expect(await store.read('stock', [id])).toEqual([undefined])
    })

    it('takes nothing for nothing', async () => {
      await store.write('order', [], await store.generation())
      await store.drop('order', [])
      expect(await store.read('order', [])).toEqual([])
    })

    it('takes thousands at once', async () => {
      const entries = Array.from({ length: 2_500 }, (_, index) => entryOf(1_000_000 + index, 1))
      await store.write('order', entries, await store.generation())
      const found = await Promise.all(
        Array.from({ length: 25 }, (_, part) =>
          store.read(
            'order',
            entries.slice(part * 100, part * 100 + 100).map(({ id }) => id),
          ),
        ),
      )
      expect(found.flat()).toEqual(entries)
    })

    it('replaces an entry by a newer one as a whole, never by an older or the same version', async () => {
      const id = fresh()
      await write(3, id)
      await write(4, id)
      await write(3, id, other)
      await store.write('order', [{ id, version: 4, fields: { other: 'texts' } }], await store.generation())
      expect(await read(id)).toEqual(entryOf(id, 4))
    })

    it('shows the newest whoever writes in whatever order, and never goes back meanwhile', async () => {
      const versions = fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 1 })
      await fc.assert(
        fc.asyncProperty(versions, versions, async (mine, theirs) => {
          const id = fresh()
          const seen: number[] = []
          const look = async () => seen.push((await read(id))?.version ?? 0)
          const inOrder = async (by: ReadStore, all: readonly number[]) => {
            for (const version of all) {
              await write(version, id, by)
              await look()
            }
          }
          await Promise.all([inOrder(store, mine), inOrder(other, theirs)])
          expect(await read(id)).toEqual(entryOf(id, Math.max(...mine, ...theirs)))
          expect(seen).toEqual(seen.toSorted((a, b) => a - b))
        }),
        { numRuns: 100 },
      )
    })

    it('drops what is older and keeps what is not', async () => {
      const [older, same, newer, none] = [fresh(), fresh(), fresh(), fresh()]
      await store.write('order', [entryOf(older, 4), entryOf(same, 5), entryOf(newer, 6)], await store.generation())
      const all = [older, same, newer, none]
      await other.drop(
        'order',
        all.map((id) => ({ id, version: 5 })),
      )
      expect(await store.read('order', all)).toEqual([undefined, entryOf(same, 5), entryOf(newer, 6), undefined])
    })

    it('lets nothing older in after a drop, whatever comes in whatever order', async () => {
      const step = fc.record({ drop: fc.boolean(), version: fc.integer({ min: 1, max: 6 }) })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
          const id = fresh()
          let shown = 0
          let floor = 0
          for (const { drop, version } of steps) {
            if (drop) {
              await other.drop('order', [{ id, version }])
              floor = Math.max(floor, version)
              if (shown < version) shown = 0
            } else {
              await write(version, id)
              if (version >= floor && version > shown) shown = version
            }
            expect((await read(id))?.version ?? 0).toBe(shown)
          }
        }),
        { numRuns: 100 },
      )
    })

    it('has one generation for all, that does not change by itself', async () => {
      const all = await Promise.all([store.generation(), other.generation(), store.generation()])
      expect(new Set([...all, await other.generation()]).size).toBe(1)
    })

    it('changes its generation, the same for all, when it was emptied', async () => {
      const id = fresh()
      const before = await store.generation()
      await write(1, id)
      await features.empty()
      expect(await read(id)).toBeUndefined()
      const after = await Promise.all([store.generation(), other.generation()])
      expect(after[0]).toBe(after[1])
      expect(after[0]).not.toBe(before)
    })

    it('refuses what was read from the write side before it was emptied', async () => {
      const id = fresh()
      const before = await store.generation()
      await write(5, id)
      await features.empty()
      // Version 5 has been shown: it must not be followed by this one, and nothing here knows version 5 any more.
      await expect(store.write('order', [entryOf(id, 4)], before)).rejects.toThrow(ReadStoreError)
      await other.generation()
      await expect(store.write('order', [entryOf(id, 4)], before)).rejects.toThrow(ReadStoreError)
      await other.drop('order', [{ id, version: 5 }])
      expect(await read(id)).toBeUndefined()
      await write(5, id)
      expect(await read(id)).toEqual(entryOf(id, 5))
    })

    describe('vouching', () => {
      const later = 60_000
      /** The store as others find it when nobody has vouched for anything. */
      const renewed = async () => {
        const id = fresh()
        const generation = await store.renew()
        await store.write('order', [entryOf(id, 1)], generation)
        return { id, generation, shown: async (by = other) => (await by.readVouched('order', [id])).entries[0] }
      }

      it('shows entries to everybody from then on, until that moment', async () => {
        const { id, generation, shown } = await renewed()
        expect(await shown()).toBeUndefined()
        expect(await read(id)).toEqual(entryOf(id, 1))
        await store.vouch(generation, (await other.now()) + later)
        expect([await shown(store), await shown(other)]).toEqual([entryOf(id, 1), entryOf(id, 1)])
        await store.vouch(generation, (await other.now()) + 30)
        await eventually(async () => (await shown()) === undefined)
        await store.vouch(generation, (await other.now()) - 1)
        expect(await shown()).toBeUndefined()
        expect(await read(id)).toEqual(entryOf(id, 1))
      })

      it('tells under which generation what is missing may be written', async () => {
        await features.empty()
        const { generation, entries } = await store.readVouched('order', [fresh()])
        expect(entries).toEqual([undefined])
        expect(generation).toBe(await other.generation())
        expect(await store.readVouched('order', [])).toEqual({ generation, entries: [] })
      })

      it('is for one generation: neither a renewed nor an emptied store is vouched for', async () => {
        for (const end of [() => other.renew(), () => features.empty()]) {
          const { id, generation, shown } = await renewed()
          await store.vouch(generation, (await store.now()) + later)
          await end()
          expect(await shown()).toBeUndefined()
          const refused = [
            store.vouch(generation, (await store.now()) + later),
            store.write('order', [entryOf(id, 2)], generation),
          ]
          for (const answer of refused) await expect(answer).rejects.toMatchObject({ name: 'ReadStoreError', ended: true })
          const next = await store.generation()
          await store.write('order', [entryOf(id, 1)], next)
          expect(await shown()).toBeUndefined()
          await store.vouch(next, (await store.now()) + later)
          expect(await shown()).toEqual(entryOf(id, 1))
        }
      })

      it('counts all entries of a renewed store as lost', async () => {
        const { id, generation } = await renewed()
        const next = await other.renew()
        expect(next).not.toBe(generation)
        expect([await store.generation(), await read(id)]).toEqual([next, undefined])
      })

      it('has one clock for all, which goes on', async () => {
        const times = [await store.now(), await other.now(), await store.now()]
        expect(times).toEqual(times.toSorted((a, b) => a - b))
      })
    })

    it('fails with ReadStoreError when closed', async () => {
      const closed = await open()
      const generation = await closed.generation()
      await closed.close()
      const asked = [
        closed.read('order', [1]),
        closed.write('order', [entryOf(1, 1)], generation),
        closed.drop('order', [{ id: 1, version: 1 }]),
        closed.generation(),
        closed.readVouched('order', [1]),
        closed.renew(),
        closed.now(),
        closed.vouch(generation, 0),
      ]
      for (const answer of asked) await expect(answer).rejects.toThrow(ReadStoreError)
    })
  })
}
