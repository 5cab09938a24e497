import { describe, expect, it } from 'vitest'
import { traceParent } from './trace.ts'

const saga = '01926b3e-7c1a-7000-8000-000000000001'

describe('traceParent', () => {
  it('is as W3C Trace Context writes it, with the saga as the trace', () => {
    expect(traceParent(saga, 'PaymentCreated')).toMatch(/^00-01926b3e7c1a70008000000000000001-[\da-f]{16}-01$/)
  })

  it('names the same span for the same message, and another one for another', () => {
    const spans = ['PaymentCreated', 'command:do:pay', 'PaymentCreated', '01926b3e-7c1a-7000-a000-00000000000f'].map((what) =>
      traceParent(saga, what).slice(36, 52),
    )
    expect(spans[2]).toBe(spans[0])
    expect(new Set(spans).size).toBe(3)
    expect(spans[3]).toBe('a00000000000000f')
  })
})
