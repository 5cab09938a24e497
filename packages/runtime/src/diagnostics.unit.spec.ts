import { describe, expect, it } from 'vitest'
import { type Diagnostics, listen, tell } from './diagnostics.ts'

const message = { service: 'store', type: 'Noted', key: 'k', source: 'payments', data: '{}' }

describe('tell', () => {
  it('reaches those who listen, until they end', () => {
    const heard: Diagnostics['comptoir:ignored'][] = []
    const end = listen('comptoir:ignored', (told) => heard.push(told))
    tell('comptoir:ignored', () => message)
    end()
    tell('comptoir:ignored', () => message)
    expect(heard).toEqual([message])
  })

  it('builds nothing when nobody listens', () => {
    let built = 0
    tell('comptoir:paused', () => {
      built += 1
      return { service: 'a', consumer: 'a', reason: null }
    })
    expect(built).toBe(0)
  })
})
