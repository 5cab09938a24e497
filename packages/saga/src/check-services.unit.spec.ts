import { describe, expect, it } from 'vitest'
import { checkEventLoops } from './check-event-loops.ts'
import { checkServices, type ServiceParts } from './check-services.ts'
import { declared, step } from './testing/declared.ts'

const saga = declared(
  [step('compensatable', 'reserve', 'shop'), step('pivot', 'pay', 'bank'), step('retriable', 'ship', 'shop')],
  { name: 'Buy', home: 'shop' },
)
type Handlers = Record<string, { undo: boolean }>
const service = (name: string, handlers: Handlers, events: readonly string[] = [], id = saga.id): ServiceParts => ({
  name,
  handlers: new Map([[id, new Map(Object.entries(handlers))]]),
  events: new Set(events),
})
const can = { undo: true }
const cannot = { undo: false }
const shop = service('shop', { reserve: can, ship: cannot }, ['Paid'])
const bank = service('bank', { pay: cannot })
const paid = { type: 'Paid', from: 'bank', to: 'shop' }

const without: ServiceParts = { name: 'shop', handlers: new Map(), events: new Set() }
const elsewhere = declared([step('pivot', 'pay', 'bank')], { name: 'Buy', home: 'desk' })

describe('checkServices', () => {
  it('finds nothing wrong when every message has a handler where it goes', () => {
    expect(checkServices([saga], [shop, bank], [paid])).toEqual([])
  })

  it.each<[string, () => string[], string[]]>([
    [
      'two services with one mailbox',
      () => checkServices([saga], [shop, bank, bank], [paid]),
      ['mailbox bank belongs to two services, which would take messages from each other: give each service a name of its own'],
    ],
    [
      'a place that is no service',
      () => checkServices([saga], [{ ...shop, events: new Set() }]),
      ['step pay of Buy is at bank, no service of this installation (shop): correct at, or add the service'],
    ],
    [
      'a home that is no service',
      () => checkServices([elsewhere], [service('bank', { pay: cannot }, [], elsewhere.id)]),
      ['saga Buy has its home at desk, no service of this installation (bank): correct home, or add the service'],
    ],
    [
      'a step without a handler',
      () => checkServices([saga], [shop, service('bank', {})], [paid]),
      ['step pay of Buy has no handler at bank: add it to the participant'],
    ],
    [
      'a step without its undo',
      () => checkServices([saga], [service('shop', { reserve: cannot, ship: cannot }, ['Paid']), bank], [paid]),
      ['step reserve of Buy has no undo handler at shop: add reserveBack'],
    ],
    [
      'a handler of a step that is elsewhere',
      () => checkServices([saga], [shop, service('bank', { pay: cannot, ship: cannot })], [paid]),
      ['bank has a handler for ship of Buy, which has no such step there: remove it'],
    ],
    [
      'a home that does not know the saga',
      () =>
        checkServices(
          [declared([step('pivot', 'pay', 'bank')], { name: 'Buy', home: 'shop' })],
          [
            without,
            service('bank', { pay: cannot }, [], declared([step('pivot', 'pay', 'bank')], { name: 'Buy', home: 'shop' }).id),
          ],
        ),
      ['saga Buy ends at home, but shop does not know it: add it to the homes of shop'],
    ],
    [
      'a declaration that is not in the contracts',
      () => checkServices([], [bank]),
      [`bank handles ${saga.id}, which is no declaration of this installation: add it to the contracts`],
    ],
    [
      'an event without a handler',
      () => checkServices([saga], [shop, bank], [paid, { type: 'Refunded', from: 'shop', to: 'bank' }]),
      ['event Refunded is sent to bank, which has no handler for it: add one, or send it elsewhere'],
    ],
    [
      'an event to a service that is not there',
      () => checkServices([saga], [shop, bank], [paid, { ...paid, to: 'depot' }]),
      ['event Paid names depot, no service of this installation (shop, bank): correct it'],
    ],
    [
      'a handler of an event that nobody sends',
      () => checkServices([saga], [shop, bank], []),
      ['shop handles event Paid, which nobody sends there: remove the handler, or declare the event'],
    ],
  ])('refuses %s', (_, check, problems) => {
    expect(check()).toEqual(problems)
  })
})

describe('checkEventLoops', () => {
  it('refuses a handler that sends what it hears', () => {
    expect(checkEventLoops([{ hears: 'Counted', sends: 'Counted' }])).toEqual([
      'the events Counted → Counted lead to each other without an end: let one handler send nothing, or something else',
    ])
  })

  it('finds a loop over several services once, and no chain that ends', () => {
    const chain = [
      { hears: 'A', sends: 'B' },
      { hears: 'B', sends: 'C' },
      { hears: 'B', sends: 'D' },
    ]
    expect(checkEventLoops(chain)).toEqual([])
    expect(checkEventLoops([...chain, { hears: 'D', sends: 'A' }])).toEqual([
      'the events A → B → D → A lead to each other without an end: let one handler send nothing, or something else',
    ])
  })
})
