import { describe, expect, it } from 'vitest'
import { noBrowser, withBrowser } from '../kit/browser.ts'
import { withStore } from '../kit/suite.ts'

describe.skipIf(noBrowser)('the other pages', () => {
  const store = withStore()
  const browser = withBrowser()
  const placed = () => store.shop.placed([{ product_id: 2, quantity: 2 }])

  it('/docs shows the API without the internet', async () => {
    const page = await browser.open()
    await page.goto(`${store.process.url}/docs`)
    await page.getByText('Place an order', { exact: true }).waitFor()
    await page.getByText('The stock level of a product', { exact: true }).waitFor()
    expect(page.complaints).toEqual([])
  })

  it('/docs sends a request from its own form', async () => {
    const page = await browser.open()
    await page.goto(`${store.process.url}/docs`)
    await page.getByText('The ten users who spent most', { exact: true }).click()
    await page.getByRole('button', { name: 'Try it out' }).click()
    await page.getByRole('button', { name: 'Execute' }).click()
    await page.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor()
    expect(page.complaints).toEqual([])
  })

  it('the payment link shows what there is to pay; a declined card may be followed by a good one', async () => {
    const order = await placed()
    const page = await browser.open()
    await page.goto(order.payment_link)
    await page.getByText(`Order ${order.order_id}`).first().waitFor()
    expect(await page.getByTestId('amount').innerText()).toBe('$119.00')
    await page.getByTestId('sample-declined').click()
    await page.getByTestId('pay').click()
    await page.getByTestId('problem').getByText('declined').waitFor()
    await page.getByTestId('sample-pays').click()
    await page.getByTestId('pay').click()
    await page.getByTestId('state').getByText('Paid. Thank you.').waitFor()
    expect(await store.shop.order(order.order_id)).toMatchObject({ status: 'PAID' })
    // The browser itself notes that the declined card was answered with 422.
    expect(page.complaints).toEqual([expect.stringContaining('422')])
  })

  it('the payment link of a cancelled order says that there is nothing to pay', async () => {
    const order = await placed()
    await store.shop.delete(`/store-api/orders/${order.order_id}`)
    const page = await browser.open()
    await page.goto(order.payment_link)
    await page.getByTestId('state').getByText('nothing to pay').waitFor()
    expect(await page.getByTestId('pay').isVisible()).toBe(false)
    expect(page.complaints).toEqual([])
  })
})
