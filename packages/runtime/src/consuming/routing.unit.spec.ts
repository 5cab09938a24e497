import { describe, expect, it } from 'vitest'
import { travellers, trip } from '../testing/trip.ts'
import { Routing } from './routing.ts'

const { a, b } = travellers({}, [])

describe('Routing', () => {
  it('refuses a participant of another service, at start-up', () => {
    expect(() => new Routing('b', [a], [], [])).toThrow('the participant of Trip at a was given to service b: give it to a')
  })

  // The types refuse these too; code without types must not get further than the start.
  it('refuses a step without its handler, and a compensatable step without its undo', () => {
    const without = (name: string) => new Map([...b.handlers].filter(([step]) => step !== name))
    expect(() => new Routing('b', [{ ...b, handlers: without('pay') }], [], [])).toThrow(
      'step pay of Trip has no handler at b: add it to the participant',
    )
    const { do: pack } = b.handlers.get('pack') ?? {}
    if (!pack) throw new Error('pack has no handler')
    expect(() => new Routing('b', [{ ...b, handlers: new Map([...b.handlers, ['pack', { do: pack }]]) }], [], [])).toThrow(
      'step pack of Trip has no undo handler at b: add unpack',
    )
  })

  it('row 66: passes over a message that is another service’s, and holds one of another declaration', () => {
    const routing = new Routing('b', [b], [], [])
    const message = { source: 'a', epoch: 1, txid: '1', pos: 1, key: 'k', id: null, body: '{}', created: 0 }
    const kind = (type: string, definition: string | null) => routing.item({ ...message, type, definition }).kind
    expect(kind('Booked', trip.id)).toBe('step')
    expect(kind('TripRequested', trip.id)).toBe('ignored')
    expect(kind('Booked', 'Trip/2/0')).toBe('unknown')
    expect(kind('Noted', null)).toBe('ignored')
  })

  it('row 67: refuses what a service says that never sends it, whatever it is', () => {
    const noted = { type: 'Noted', from: ['a'], handle: async () => {} }
    const at = {
      a: new Routing('a', [a], [{ saga: trip }], [noted]),
      b: new Routing('b', [b], [], []),
      orchestrator: new Routing('orchestrator', [], [], [], [trip]),
    }
    const message = { epoch: 1, txid: '1', pos: 1, key: 'k', id: null, body: '{"act":1}', created: 0 }
    const sources = ['a', 'b', 'orchestrator', 'evil']
    const takenFrom = (service: keyof typeof at, type: string) =>
      sources.filter((source) => {
        const item = at[service].item({ ...message, source, type, definition: type === 'Noted' ? null : trip.id })
        if (item.kind === 'refused') expect(item.error).toContain(`this one says that it comes from ${source}: `)
        return item.kind !== 'refused'
      })
    expect(takenFrom('a', 'TripRequested')).toEqual(['a'])
    expect(takenFrom('b', 'Booked')).toEqual(['a'])
    expect(takenFrom('b', 'settle:pack')).toEqual(['a'])
    expect(takenFrom('b', 'settle:pay')).toEqual(['b'])
    expect(takenFrom('a', 'Left')).toEqual(['a'])
    expect(takenFrom('a', 'Unpacked')).toEqual(['b'])
    expect(takenFrom('b', 'command:do:pack')).toEqual(['orchestrator'])
    expect(takenFrom('orchestrator', 'answer:do:pack')).toEqual(['b'])
    expect(takenFrom('a', 'SagaNeedsAttention')).toEqual(['a', 'b', 'orchestrator'])
    expect(takenFrom('b', 'SagaPaused')).toEqual(['a'])
    expect(takenFrom('b', 'SagaResumed')).toEqual(['a'])
    expect(takenFrom('a', 'Noted')).toEqual(['a'])
    // What nobody here knows is passed over, whoever says it.
    expect(takenFrom('b', 'Whispered')).toEqual(sources)
  })
})
