import { describe, expect, it } from 'vitest'
import { problemOf } from '../../kit/problem.ts'
import { withStore } from '../../kit/suite.ts'

const store = withStore()
const unique = () => crypto.randomUUID()

describe('health', () => {
  it.each(['/store-api', '/store-manager-api', '/payments-api', '/saga-api', ''])('%s/health-check', async (prefix) => {
    const answer = await store.shop.get(`${prefix}/health-check`)
    expect([answer.status, answer.json()]).toEqual([200, { status: 'ok' }])
    for (const path of ['livez', 'readyz']) expect((await store.shop.get(`${prefix}/${path}`)).status).toBe(200)
  })
})

describe('the demo data', () => {
  it('are the users that old clients know', async () => {
    const users = [1, 2, 3].map(async (id) => (await store.shop.get(`/store-api/users/${id}`)).json())
    expect(await Promise.all(users)).toEqual([
      { id: 1, name: 'Ada Lovelace', email: 'alovelace@example.com' },
      { id: 2, name: 'Adele Goldberg', email: 'agoldberg@example.com' },
      { id: 3, name: 'Alan Turing', email: 'aturing@example.com' },
    ])
  })

  it('are the products that old clients know', async () => {
    const products = [1, 2, 3, 4].map(async (id) => (await store.shop.get(`/store-api/products/${id}`)).json())
    expect(await Promise.all(products)).toEqual([
      { id: 1, name: 'Laptop ABC', sku: 'LP12567', price: 1999.99 },
      { id: 2, name: 'Keyboard DEF', sku: 'KB67890', price: 59.5 },
      { id: 3, name: 'Gadget XYZ', sku: 'GG12345', price: 5.75 },
      { id: 4, name: '27-inch Screen WYZ', sku: 'SC27289', price: 299.75 },
    ])
    expect(await Promise.all([1, 2, 3, 4].map((id) => store.shop.stock(id)))).toEqual([1000, 500, 2, 90])
  })
})

describe('users', () => {
  it('are made, read and deleted', async () => {
    const email = `${unique()}@Example.com`
    const made = await store.shop.post('/store-api/users', { name: ' Barbara Liskov ', email })
    expect([made.status, made.json()]).toEqual([201, { user_id: expect.any(Number) }])
    const { user_id } = made.json<{ user_id: number }>()
    const read = await store.shop.get(`/store-api/users/${user_id}`)
    expect([read.status, read.json()]).toEqual([200, { id: user_id, name: 'Barbara Liskov', email }])
    const deleted = await store.shop.delete(`/store-api/users/${user_id}`)
    expect([deleted.status, deleted.json()]).toEqual([200, { deleted: true }])
    const again = await store.shop.delete(`/store-api/users/${user_id}`)
    expect([again.status, again.json()]).toEqual([404, expect.objectContaining({ deleted: false })])
    expect((await store.shop.get(`/store-api/users/${user_id}`)).status).toBe(404)
  })

  it('row 33: two users with one address at once are one', async () => {
    const email = `${unique()}@example.com`
    const both = [email, email.toUpperCase()].map((address) => store.shop.post('/store-api/users', { name: 'x', email: address }))
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([201, 409])
  })
})

describe('products', () => {
  it('are made, read and deleted', async () => {
    const sku = unique()
    const made = await store.shop.post('/store-api/products', { name: 'Abacus', sku, price: 19.99 })
    expect([made.status, made.json()]).toEqual([201, { product_id: expect.any(Number) }])
    const { product_id } = made.json<{ product_id: number }>()
    const read = await store.shop.get(`/store-api/products/${product_id}`)
    expect([read.status, read.json()]).toEqual([200, { id: product_id, name: 'Abacus', sku, price: 19.99 }])
    expect((await store.shop.get(`/store-api/stocks/${product_id}`)).status).toBe(404)
    const deleted = await store.shop.delete(`/store-api/products/${product_id}`)
    expect([deleted.status, deleted.json()]).toEqual([200, { deleted: true }])
    expect((await store.shop.delete(`/store-api/products/${product_id}`)).json()).toMatchObject({ deleted: false })
  })

  it('row 47: two products with one sku at once are one', async () => {
    const body = { name: 'Abacus', sku: unique(), price: 1 }
    const both = await Promise.all([1, 2].map(() => store.shop.post('/store-api/products', body)))
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
  })

  it.each([0.01, 1_000_000_000, 0.29, 1.1, 4.35])('rows 18, 21: a price of %d comes back as it is', async (price) => {
    const id = await store.shop.product({ price })
    expect((await store.shop.get(`/store-api/products/${id}`)).json()).toMatchObject({ price })
  })

  it.each(['<script>alert(1)</script>', '=HYPERLINK("http://x")', '{{7*7}}', "' OR 1=1; --", 'é 漢字 👩‍👩‍👧'])(
    'row 32: %s is a name like any other',
    async (name) => {
      const made = await store.shop.post('/store-api/products', { name, sku: unique(), price: 1 })
      const { product_id } = made.json<{ product_id: number }>()
      expect((await store.shop.get(`/store-api/products/${product_id}`)).json()).toMatchObject({ name })
    },
  )
})

describe('stock', () => {
  it('is set, and set again', async () => {
    const product_id = await store.shop.product()
    const first = await store.shop.post('/store-api/stocks', { product_id, quantity: 5 })
    expect([first.status, first.json()]).toEqual([201, { result: `rows added: ${product_id}` }])
    expect((await store.shop.get(`/store-api/stocks/${product_id}`)).json()).toEqual({ product_id, quantity: 5 })
    const second = await store.shop.post('/store-api/stocks', { product_id, quantity: 9 })
    expect([second.status, second.json()]).toEqual([201, { result: 'rows updated: 1' }])
    expect(await store.shop.stock(product_id)).toBe(9)
  })

  it('I13: is read as it was written, at once, every time', async () => {
    const product_id = await store.shop.product({ stock: 0 })
    for (let quantity = 1; quantity <= 25; quantity += 1) {
      await store.shop.post('/store-api/stocks', { product_id, quantity })
      expect(await store.shop.stock(product_id)).toBe(quantity)
    }
  })

  it('goes up and down by lists, all lines or none', async () => {
    const [a, b] = [await store.shop.product({ stock: 10 }), await store.shop.product({ stock: 10 })]
    const adjust = (quantity: number, operation: string) =>
      store.shop.put('/store-api/stocks', {
        items: [
          { product_id: a, quantity: 1 },
          { product_id: b, quantity },
        ],
        operation,
      })
    const up = await adjust(5, '+')
    expect([up.status, up.json()]).toEqual([200, { result: 'OK' }])
    expect([await store.shop.stock(a), await store.shop.stock(b)]).toEqual([11, 15])
    expect((await adjust(15, '-')).status).toBe(200)
    expect([await store.shop.stock(a), await store.shop.stock(b)]).toEqual([10, 0])
    const tooMuch = await adjust(1, '-')
    expect([tooMuch.status, tooMuch.json()]).toEqual([409, expect.objectContaining({ type: '/problems/not_enough_stock' })])
    expect([await store.shop.stock(a), await store.shop.stock(b)]).toEqual([10, 0])
  })

  it('F44: of 40 that take one of 25 units at once, 25 get one', async () => {
    const product_id = await store.shop.product({ stock: 25 })
    const take = () => store.shop.put('/store-api/stocks', { items: [{ product_id, quantity: 1 }], operation: '-' })
    const answers = await Promise.all(Array.from({ length: 40 }, take))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(25)
    expect(await store.shop.stock(product_id)).toBe(0)
  })

  describe('F49, row 46: with the ETag of what was read as If-Match', () => {
    const etagOf = async (product_id: number): Promise<string> =>
      (await store.shop.get(`/store-api/stocks/${product_id}`)).headers.get('etag') ?? ''
    const set = (product_id: number, quantity: number, etag: string) =>
      store.shop.post('/store-api/stocks', { product_id, quantity }, { 'if-match': etag })
    const add = (product_id: number, etag: string) =>
      store.shop.put('/store-api/stocks', { items: [{ product_id, quantity: 1 }], operation: '+' }, { 'if-match': etag })

    it('an edit is done while nothing has changed, and the ETag changes with each', async () => {
      const product_id = await store.shop.product({ stock: 5 })
      const read = await etagOf(product_id)
      expect(read).toMatch(/^"\d+"$/)
      expect(await etagOf(product_id)).toBe(read)
      expect((await set(product_id, 7, read)).status).toBe(201)
      const written = await etagOf(product_id)
      expect(written).not.toBe(read)
      expect((await add(product_id, `"other", ${written}`)).status).toBe(200)
      expect((await set(product_id, 9, '*')).status).toBe(201)
      expect(await store.shop.stock(product_id)).toBe(9)
    })

    it('an edit of what has changed since is 412, says what to do, and changes nothing', async () => {
      const product_id = await store.shop.product({ stock: 5 })
      const read = await etagOf(product_id)
      expect((await store.shop.post('/store-api/stocks', { product_id, quantity: 6 })).status).toBe(201)
      const now = await etagOf(product_id)
      for (const stale of [await set(product_id, 9, read), await add(product_id, read), await set(product_id, 9, `W/${now}`)]) {
        expect(problemOf(stale)).toEqual([412, 'stale', 'If-Match'])
        expect(stale.json().detail).toContain(`Read GET /stocks/${product_id} again`)
      }
      expect([await store.shop.stock(product_id), await etagOf(product_id)]).toEqual([6, now])
    })

    it('an order that took of it meanwhile is a change, too', async () => {
      const product_id = await store.shop.product({ stock: 5 })
      const read = await etagOf(product_id)
      await store.shop.placed([{ product_id, quantity: 2 }])
      expect((await set(product_id, 5, read)).status).toBe(412)
      expect(await store.shop.stock(product_id)).toBe(3)
    })

    it('a product without a level is at no version, and gets none', async () => {
      const product_id = await store.shop.product()
      for (const refused of [await set(product_id, 9, '*'), await add(product_id, '"1"')])
        expect(problemOf(refused)).toEqual([412, 'stale', 'If-Match'])
      expect((await store.shop.get(`/store-api/stocks/${product_id}`)).status).toBe(404)
    })

    it.each([
      ['levels that are set', set],
      ['levels that are added to', (product_id: number, _: number, etag: string) => add(product_id, etag)],
    ])('of twenty clerks at once who have read the same, one wins: %s', async (_what, edit) => {
      const product_id = await store.shop.product({ stock: 5 })
      const read = await etagOf(product_id)
      const clerks = Array.from({ length: 20 }, (_, clerk) => edit(product_id, 100 + clerk, read))
      const statuses = (await Promise.all(clerks)).map(({ status }) => status)
      expect(statuses.filter((status) => status < 300)).toHaveLength(1)
      expect(statuses.filter((status) => status === 412)).toHaveLength(19)
      expect(await etagOf(product_id)).toBe(`"${Number(read.slice(1, -1)) + 1}"`)
      const winner = edit === set ? 100 + statuses.indexOf(201) : 6
      expect(await store.shop.stock(product_id)).toBe(winner)
    })
  })

  it('is listed with the names that old clients read', async () => {
    const overview = await store.shop.get('/store-api/stocks/reports/overview-stocks')
    expect(overview.status).toBe(200)
    expect(overview.json<object[]>()[0]).toEqual({
      Article: 'Laptop ABC',
      'Numéro SKU': 'LP12567',
      'Prix unitaire': 1999.99,
      'Unités en stock': 1000,
    })
  })

  it('is asked for in GraphQL', async () => {
    const query = 'query ($id: String!) { product(id: $id) { id name sku price quantity } level: stockLevel(productId: $id) }'
    const ask = (variables: unknown) => store.shop.post('/store-manager-api/stocks/graphql-query', { query, variables })
    const known = await ask({ id: '3' })
    expect([known.status, known.json()]).toEqual([
      200,
      { data: { product: { id: 3, name: 'Gadget XYZ', sku: 'GG12345', price: 5.75, quantity: 2 }, level: 2 }, errors: null },
    ])
    expect((await ask({ id: '999' })).json()).toEqual({ data: { product: null, level: 0 }, errors: null })
  })
})
