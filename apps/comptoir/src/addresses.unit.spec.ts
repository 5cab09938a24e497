import { expect, it } from 'vitest'
import { addressesFrom } from './addresses.ts'

it('the places of participants are absolute URLs, one or several of each', () => {
  const env = { STORE_URL: 'http://127.0.0.1:5001/, http://127.0.0.1:5002', PAYMENTS_URL: 'https://shop.example/payments-api/' }
  expect(addressesFrom(env).participants).toEqual({
    store: ['http://127.0.0.1:5001', 'http://127.0.0.1:5002'],
    payments: ['https://shop.example/payments-api'],
  })
  expect(addressesFrom({}).participants).toEqual({})
})

it.each(['5001', 'localhost:5001', 'http://127.0.0.1:5001,', 'ftp://127.0.0.1'])(
  'a place of a participant that is none is refused with the cure: %s',
  (STORE_URL) => {
    expect(() => addressesFrom({ STORE_URL })).toThrow(/STORE_URL names ".*", which is no address of a service: write http:/)
  },
)
