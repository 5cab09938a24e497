import { describe, expect, it } from 'vitest'
import { noBrowser, withBrowser } from '../kit/browser.ts'
import { pausedOrder } from '../kit/paused-order.ts'
import { withStore } from '../kit/suite.ts'

describe.skipIf(noBrowser)('the console, for operators', () => {
  const store = withStore()
  const browser = withBrowser()

  it('a paused saga says who paused it and what helps; its button resumes it, after a question', async () => {
    const { shop } = store
    const product = await shop.product({ stock: 10_000 })
    const place = () => shop.post('/store-api/orders', { user_id: 1, items: [{ product_id: product, quantity: 1 }] })
    const saga = await pausedOrder(shop, 'choreographed', place, 'the courier is away')
    const { order_id } = (await shop.get(`/saga-api/sagas/${saga}`)).json<{ order_id: number }>()
    const page = await browser.open()
    await page.goto(`${store.process.url}/#order/${order_id}`)
    const status = page.getByTestId('saga').getByTestId('saga-status')
    await expect.poll(() => status.getAttribute('data-status'), { timeout: 10_000 }).toBe('paused')
    expect(await page.getByTestId('stuck').innerText()).toMatch(/the courier is away.*Resume it/)
    await page.getByTestId('resume-saga').click()
    await page.getByLabel('Why').fill('he is back')
    await page.getByTestId('confirm-act').click()
    await expect.poll(() => status.getAttribute('data-status'), { timeout: 10_000 }).toBe('completed')
    expect((await page.getByTestId('act').allInnerTexts()).map((text) => text.replace(/^.* ago |^just now /, ''))).toEqual([
      'pause by operator at 127.0.0.1: the courier is away',
      'resume by operator at 127.0.0.1: he is back',
    ])
    expect(await page.getByTestId('pause-saga').count()).toBe(0)
    expect(page.complaints).toEqual([])
  })
})
