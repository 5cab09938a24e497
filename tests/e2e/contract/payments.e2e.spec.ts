import { describe, expect, it } from 'vitest'
import { card } from '../../kit/requests.ts'
import { type Order, sampleCard } from '../../kit/shop.ts'
import { withStore } from '../../kit/suite.ts'

const store = withStore()
const placed = () => store.shop.placed([{ product_id: 2, quantity: 1 }])
const paymentOf = ({ payment_link }: Order) => Number(payment_link.split('/').at(-1))

describe('the payment link', () => {
  it('contains http, ends in the payment id, and pays by POST', async () => {
    const order = await placed()
    expect(order.payment_link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/payments-api\/payments\/process\/\d+$/)
    const answer = await store.shop.pay(order)
    expect([answer.status, answer.json()]).toEqual([
      200,
      { order_id: order.order_id, payment_id: paymentOf(order), is_paid: true },
    ])
  })

  it('shows a page by GET, 404 when there is no such payment', async () => {
    const order = await placed()
    const page = await store.shop.get(new URL(order.payment_link).pathname)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect((await store.shop.get('/payments-api/payments/process/99999')).status).toBe(404)
  })
})

describe('POST /payments/process/:payment_id', () => {
  it('I13: the order is paid when it answers', async () => {
    for (let round = 0; round < 5; round += 1) {
      const order = await placed()
      await store.shop.pay(order)
      expect(await store.shop.order(order.order_id)).toMatchObject({
        is_paid: true,
        status: 'PAID',
        payment_link: order.payment_link,
      })
    }
  })

  it('row 43: paying again answers the same, whatever the card', async () => {
    const order = await placed()
    const first = await store.shop.pay(order)
    for (const again of [sampleCard, card({ expirationDate: '2001-01-01' }), card({ cardNumber: 4000000000000002 })])
      expect((await store.shop.pay(order, again)).text).toBe(first.text)
  })

  it('is also POST /payments/:payment_id, as behind the old gateway', async () => {
    const order = await placed()
    const answer = await store.shop.post(`/payments-api/payments/${paymentOf(order)}`, sampleCard)
    expect([answer.status, answer.json()]).toEqual([200, expect.objectContaining({ is_paid: true })])
  })

  it.each(['9999999999999', '4242 4242 4242'.replaceAll(' ', ''), '1234567890123456789'])(
    'takes the digits %s as text',
    async (cardNumber) => {
      const order = await placed()
      expect((await store.shop.pay(order, { ...sampleCard, cardNumber, cardCode: '0123' })).status).toBe(200)
    },
  )

  it('row 43: a declined card leaves the payment open', async () => {
    const order = await placed()
    expect((await store.shop.pay(order, card({ cardNumber: 4000000000000002 }))).status).toBe(422)
    expect((await store.shop.get(`/payments-api/payments/${paymentOf(order)}`)).json()).toMatchObject({
      status: 'OPEN',
      is_paid: false,
    })
    expect((await store.shop.pay(order)).status).toBe(200)
  })

  it('no card number gets into an answer or the output', async () => {
    const order = await placed()
    const secrets = ['5555444433332222', '378282246310005']
    const bodies = [
      { ...sampleCard, cardNumber: secrets[0], extra: secrets[1] },
      { ...sampleCard, [`${secrets[0]}`]: 1 },
      { ...sampleCard, cardNumber: [secrets[1]] },
      `{"cardNumber":${secrets[1]},"cardNumber":${secrets[0]}`,
      { ...sampleCard, cardNumber: Number(secrets[1]) },
    ]
    for (const body of bodies) {
      const { text } = await store.shop.pay(order, body)
      for (const secret of secrets) expect(text).not.toContain(secret)
    }
    for (const secret of secrets) expect(store.process.output()).not.toContain(secret)
  })
})

describe('GET /payments', () => {
  it('/ says what it is', async () => {
    for (const path of ['/payments-api', '/payments-api/'])
      expect((await store.shop.get(path)).json()).toEqual({ service: 'PaymentMicroservice', status: 'running' })
  })

  it('/:payment_id shows the payment', async () => {
    const order = await placed()
    const read = async () => (await store.shop.get(`/payments-api/payments/${paymentOf(order)}`)).json()
    const shown = { id: paymentOf(order), order_id: order.order_id, user_id: 1, total_amount: 59.5 }
    expect(await read()).toEqual({ ...shown, is_paid: false, status: 'OPEN' })
    await store.shop.pay(order)
    expect(await read()).toEqual({ ...shown, is_paid: true, status: 'PAID' })
  })
})

describe('POST /payments', () => {
  it('opens one payment for an order, and answers with it again', async () => {
    const body = { user_id: 1, order_id: 501, total_amount: 12.34 }
    const first = await store.shop.post('/payments-api/payments', body)
    expect([first.status, first.json()]).toEqual([201, { payment_id: expect.any(Number) }])
    const second = await store.shop.post('/payments-api/payments', body)
    expect([second.status, second.json()]).toEqual([200, first.json()])
  })

  it('I3: ten at once for one order are one payment', async () => {
    const body = { user_id: 1, order_id: 502, total_amount: 12.34 }
    const answers = await Promise.all(Array.from({ length: 10 }, () => store.shop.post('/payments-api/payments', body)))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201])
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  })

  it('the payment of a placed order is known', async () => {
    const order = await placed()
    const answer = await store.shop.post('/payments-api/payments', { user_id: 1, order_id: order.order_id, total_amount: 59.5 })
    expect([answer.status, answer.json()]).toEqual([200, { payment_id: paymentOf(order) }])
  })
})

describe('holds', () => {
  it('are put, and ended', async () => {
    const user_id = await store.shop.user()
    const put = await store.shop.put(`/payments-api/holds/${user_id}`)
    expect(put.json()).toEqual({ user_id, on_hold: true })
    expect(await store.shop.placed([{ product_id: 2, quantity: 1 }], user_id)).toMatchObject({ reason: 'on_hold' })
    const ended = await store.shop.delete(`/payments-api/holds/${user_id}`)
    expect([ended.status, ended.json()]).toEqual([200, { deleted: true }])
    expect(await store.shop.placed([{ product_id: 2, quantity: 1 }], user_id)).toMatchObject({ status: 'PLACED' })
    expect((await store.shop.delete(`/payments-api/holds/${user_id}`)).json()).toMatchObject({ deleted: false })
  })
})

describe('PUT /orders', () => {
  const mark = (body: object) => store.shop.put('/store-api/orders', body)

  it('records a payment by other means: the order is PAID when it answers', async () => {
    const order = await placed()
    const answer = await mark({ order_id: order.order_id, is_paid: true, payment_id: paymentOf(order) })
    expect([answer.status, answer.json()]).toEqual([200, { updated: true }])
    expect(await store.shop.order(order.order_id)).toMatchObject({ status: 'PAID', is_paid: true })
    expect((await store.shop.get(`/payments-api/payments/${paymentOf(order)}`)).json()).toMatchObject({ status: 'PAID' })
    const again = await mark({ order_id: order.order_id, is_paid: true })
    expect([again.status, again.json()]).toEqual([200, { updated: false }])
  })

  it('an order that was only just accepted is waited for', async () => {
    const order_id = await store.shop.accept([{ product_id: 2, quantity: 1 }])
    expect((await mark({ order_id, is_paid: true })).json()).toEqual({ updated: true })
    expect(await store.shop.order(order_id)).toMatchObject({ status: 'PAID' })
  })

  it('false on an unpaid order changes nothing', async () => {
    const order = await placed()
    expect((await mark({ order_id: order.order_id, is_paid: false })).json()).toEqual({ updated: false })
    expect(await store.shop.order(order.order_id)).toEqual(order)
  })
})
