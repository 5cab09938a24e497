import { describe, expect, it } from 'vitest'
import { noBrowser, type WatchedPage, withBrowser } from '../kit/browser.ts'
import { withStore } from '../kit/suite.ts'

/** Step and status of each chip of the order's own saga. */
const succeeded = ['createOrder done', 'decreaseStock done', 'createPayment done', 'linkPayment done']
const noStock = ['createOrder undone', 'decreaseStock failed', 'createPayment waiting', 'linkPayment waiting']
const refusedAtPayment = ['createOrder undone', 'decreaseStock undone', 'createPayment failed', 'linkPayment waiting']

describe.skipIf(noBrowser)('the console', () => {
  const store = withStore()
  const browser = withBrowser()

  const openConsole = async () => {
    const page = await browser.open()
    await page.goto(store.process.url)
    return page
  }
  const row = (page: WatchedPage, status: string) => page.locator(`[data-testid="order-row"][data-status="${status}"]`).first()
  const press = (page: WatchedPage, id: string) => page.getByTestId(id).click()

  async function chips(page: WatchedPage, order: number): Promise<string[]> {
    const found = page.locator(`[data-order-id="${order}"] [data-testid="steps"]`).first().locator('[data-testid="step-chip"]')
    return found.evaluateAll((nodes) =>
      nodes.map((node) => `${node.getAttribute('data-step')} ${node.getAttribute('data-status')}`),
    )
  }

  it('an empty store says what to do', async () => {
    const page = await openConsole()
    await page.getByTestId('empty').waitFor()
    expect(await page.getByTestId('empty').innerText()).toContain('curl')
    expect(page.complaints).toEqual([])
  })

  const examples: [button: string, status: string, words: string, steps: string[]][] = [
    ['try-success', 'PLACED', 'Placed', succeeded],
    ['try-no-stock', 'CANCELLED', 'not enough stock', noStock],
    ['try-payment-refused', 'CANCELLED', 'customer on credit hold', refusedAtPayment],
  ]
  it.each(examples)('%s ends %s, and its row shows %s and all steps', async (button, status, words, steps) => {
    const page = await openConsole()
    await press(page, button)
    const link = page.getByTestId(`${button}-result`).locator('a')
    const order = Number((await link.innerText()).replace('order ', ''))
    const found = page.locator(`[data-order-id="${order}"][data-status="${status}"]`)
    await found.waitFor()
    await found.getByText(words).first().waitFor()
    await expect.poll(() => chips(page, order)).toEqual(steps)
    expect(page.complaints).toEqual([])
  })

  it('an order placed by somebody else appears by itself', async () => {
    const page = await openConsole()
    await page.getByTestId('order-row').first().waitFor()
    const order = await store.shop.placed([{ product_id: 2, quantity: 1 }])
    await page.locator(`[data-order-id="${order.order_id}"][data-status="PLACED"]`).waitFor()
    expect(page.complaints).toEqual([])
  })

  it('the panel of an order shows its saga message by message, and pays it', async () => {
    const order = await store.shop.placed([{ product_id: 2, quantity: 1 }])
    const page = await openConsole()
    await page.goto(`${store.process.url}/#order/${order.order_id}`)
    const entries = page.getByTestId('journal-entry')
    await expect.poll(() => entries.count()).toBe(4)
    expect((await entries.allInnerTexts()).map((text) => text.split('\n')[0])).toEqual([
      'OrderCreated',
      'StockDecreased',
      'PaymentCreated',
      'PaymentLinked',
    ])
    expect(await page.getByTestId('payment-link').getAttribute('href')).toBe(order.payment_link)
    await press(page, 'pay-order')
    await row(page, 'PAID').waitFor()
    await expect.poll(() => page.getByTestId('pay-order').count()).toBe(0)
    expect(await store.shop.order(order.order_id)).toMatchObject({ status: 'PAID' })
    expect(page.complaints).toEqual([])
  })

  it('an order is cancelled there, after a question, and shows its second saga', async () => {
    const order = await store.shop.placed([{ product_id: 2, quantity: 1 }])
    const page = await openConsole()
    await page.goto(`${store.process.url}/#order/${order.order_id}`)
    await press(page, 'cancel-order')
    await press(page, 'keep-order')
    expect(await store.shop.order(order.order_id)).toMatchObject({ status: 'PLACED' })
    await press(page, 'cancel-order')
    await press(page, 'confirm-cancel')
    await page.locator(`[data-order-id="${order.order_id}"][data-status="CANCELLED"]`).waitFor()
    await page.locator('[data-testid="saga"][data-saga="CancelOrder"]').waitFor()
    expect(await store.shop.order(order.order_id)).toMatchObject({ status: 'CANCELLED' })
    expect(page.complaints).toEqual([])
  })

  it('row 32: a name that is markup is shown as text', async () => {
    const name = '<img src=x onerror=alert(1)>'
    const made = await store.shop.post('/store-api/products', { name, sku: 'X-1', price: 1 })
    const { product_id } = made.json<{ product_id: number }>()
    await store.shop.post('/store-api/stocks', { product_id, quantity: 1 })
    const order = await store.shop.placed([{ product_id, quantity: 1 }])
    const page = await openConsole()
    await page.goto(`${store.process.url}/#order/${order.order_id}`)
    await page.getByText(name).first().waitFor()
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    expect(page.complaints).toEqual([])
  })

  it('works on a narrow screen', async () => {
    const page = await browser.open({ width: 390, height: 800 })
    await page.goto(store.process.url)
    await page.getByTestId('order-row').first().waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  })
})
