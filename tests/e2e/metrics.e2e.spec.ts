import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { userOnHold } from '../kit/shop.ts'
import { withStore } from '../kit/suite.ts'
import { until } from '../kit/wait.ts'

const store = withStore()
const scrape = async () => (await store.shop.get('/metrics')).text

/** The values of one metric by its labels, as they are written. */
const valuesOf = (text: string, name: string): Record<string, number> =>
  Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, metric, labels, value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      return metric === name ? [[labels ?? '', Number(value)]] : []
    }),
  )

const noPromtool = spawnSync('promtool', ['--version']).error !== undefined
if (noPromtool && process.env.CI !== 'true') process.stderr.write('promtool is not installed: its check of /metrics is skipped\n')

describe('/metrics', () => {
  it('tells orders, sagas by their end, and the latency of every step', async () => {
    const keyboard = [{ product_id: 2, quantity: 1 }]
    const paid = await store.shop.placed(keyboard)
    await store.shop.pay(paid)
    const cancelled = await store.shop.placed(keyboard)
    await store.shop.delete(`/store-api/orders/${cancelled.order_id}`)
    await store.shop.placed(keyboard)
    await store.shop.placed([{ product_id: 3, quantity: 3 }])
    await store.shop.placed(keyboard, userOnHold)

    const text = await until('the end of all sagas', async () => {
      const scraped = await scrape()
      return valuesOf(scraped, 'comptoir_sagas_open')[''] === 0 && scraped
    })
    expect(valuesOf(text, 'comptoir_orders_total')).toEqual({
      'event="accepted"': 5,
      'event="placed"': 3,
      'event="cancelled"': 2,
    })
    expect(valuesOf(text, 'comptoir_sagas_total')).toEqual({
      'saga="PlaceOrder",event="began"': 5,
      'saga="PlaceOrder",event="completed"': 3,
      'saga="PlaceOrder",event="cancelled"': 2,
      'saga="CancelOrder",event="began"': 1,
      'saga="CancelOrder",event="completed"': 1,
    })
    const steps = valuesOf(text, 'comptoir_step_seconds_count')
    const count = (service: string, step: string, phase: string) =>
      steps[`service="${service}",saga="PlaceOrder",step="${step}",phase="${phase}"`]
    expect(count('store', 'decreaseStock', 'do')).toBe(5)
    expect(count('payments', 'createPayment', 'do')).toBe(4)
    expect(count('store', 'linkPayment', 'do')).toBe(3)
    expect(count('store', 'decreaseStock', 'undo')).toBe(1)
    expect(count('store', 'createOrder', 'undo')).toBe(2)
    const outcomes = valuesOf(text, 'comptoir_step_outcomes_total')
    expect(outcomes['service="payments",saga="PlaceOrder",step="createPayment",phase="do",outcome="failed"']).toBe(1)
  })

  it('I20: tells of a store at rest that nothing waits, nothing is held and nothing lags', async () => {
    const text = await until('rest', async () => {
      const scraped = await scrape()
      const lags = Object.values(valuesOf(scraped, 'comptoir_consumer_lag_messages'))
      return lags.length > 0 && lags.every((lag) => lag === 0) && scraped
    })
    expect(new Set(Object.values(valuesOf(text, 'comptoir_log_oldest_seconds')))).toEqual(new Set([0]))
    const held = valuesOf(text, 'comptoir_held_messages')
    expect(Object.keys(held).sort()).toEqual(
      ['orchestrator', 'payments', 'store'].flatMap((service) =>
        ['dead', 'parked', 'retry', 'unknown'].map((state) => `service="${service}",state="${state}"`),
      ),
    )
    expect(new Set(Object.values(held))).toEqual(new Set([0]))
    const consumers = Object.keys(valuesOf(text, 'comptoir_consumer_lag_messages'))
    for (const consumer of ['store', 'payments', 'orchestrator', 'store.changes'])
      expect(
        consumers.some((labels) => labels.includes(`consumer="${consumer}"`)),
        consumer,
      ).toBe(true)
  })

  it.skipIf(noPromtool && process.env.CI !== 'true')('promtool finds nothing to say against it', async () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: await scrape(), encoding: 'utf8' })
    expect([stdout + stderr, status]).toEqual(['', 0])
  })
})
