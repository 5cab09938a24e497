import { expect, it } from 'vitest'
import { trip } from '../testing/trip.ts'
import { tripTwo } from '../testing/trip-two.ts'
import { changesBetween, concerns, type DeclarationParts, partsOf } from './declaration-parts.ts'

const parts = partsOf(trip)
const [book, pack, pay, leave] = parts.steps as [
  DeclarationParts['steps'][number],
  DeclarationParts['steps'][number],
  DeclarationParts['steps'][number],
  DeclarationParts['steps'][number],
]
const with_ = (...steps: DeclarationParts['steps']): DeclarationParts => ({ ...parts, steps })

it.each<[what: string, now: DeclarationParts, changes: string[]]>([
  ['nothing', parts, []],
  ['a step more', partsOf(tripTwo), ['step insure was added']],
  ['a step less', with_(book, pay, leave), ['step pack was removed']],
  ['another order', with_(pack, book, pay, leave), ['its steps come in the order pack, book, pay, leave']],
  ['another place', with_(book, { ...pack, at: 'a' }, pay, leave), ['at of step pack was b and is a']],
  ['another kind', with_(book, pack, { ...pay, kind: 'retriable' }, leave), ['kind of step pay was pivot and is retriable']],
  ['a message', with_(book, pack, { ...pay, done: 'PaidAll' }, leave), ['done of step pay was Paid and is PaidAll']],
  ['a failure less', with_(book, pack, { ...pay, failed: null }, leave), ['failed of step pay was PaymentFailed and is none']],
  ['another undo', with_({ ...book, undo: 'rebook' }, pack, pay, leave), ['undo of step book was unbook and is rebook']],
  ['what an undo says', with_({ ...book, undone: 'Gone' }, pack, pay, leave), ['undone of step book was Unbooked and is Gone']],
  ['another home', { ...parts, home: 'b' }, ['its home was a and is b']],
  ['another end', { ...parts, end: 'Over' }, ['its end was TripEnded and is Over']],
])('F26: says of a declaration what has changed: %s', (_, now, changes) => {
  expect(changesBetween(parts, now)).toEqual(changes)
})

it('concerns the home and whoever runs a step', () => {
  expect(['a', 'b', 'c'].filter((service) => concerns(parts, service))).toEqual(['a', 'b'])
  expect(concerns({ ...parts, home: 'c' }, 'c')).toBe(true)
})
