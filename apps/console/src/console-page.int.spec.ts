import { gunzipSync } from 'node:zlib'
import fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { consolePage } from './console-page.ts'

let app: FastifyInstance
const routes: RouteOptions[] = []

beforeAll(async () => {
  app = fastify()
  app.addHook('onRoute', (route) => {
    routes.push(route)
  })
  await app.register(consolePage)
  await app.ready()
})
afterAll(() => app.close())

/** The files that `text` names in `pattern`'s first group. */
const named = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].flatMap((match) => match[1] ?? [])

/** Every file that a browser loads for the page: what index.html names, and what those modules import. */
async function loadedFiles(): Promise<string[]> {
  const page = (await app.inject('/')).body
  const files = new Set(named(page, /(?:src|href)="([\w-]+\.(?:js|css|svg))"/g))
  for (const file of files) {
    if (file.endsWith('.js'))
      for (const next of named((await app.inject(`/${file}`)).body, /from '\.\/([\w-]+\.js)'/g)) files.add(next)
  }
  return [...files]
}

describe('the page', () => {
  test('is served at the prefix, and every file it loads has the content type that nosniff demands', async () => {
    const page = await app.inject('/')
    expect(page.statusCode).toBe(200)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    const types: Record<string, RegExp> = { js: /^(text|application)\/javascript/, css: /^text\/css/, svg: /^image\/svg\+xml/ }
    const files = await loadedFiles()
    expect(files).toEqual(expect.arrayContaining(['main.js', 'orders.js', 'words.js', 'page.css', 'favicon.svg']))
    for (const file of files) {
      const answer = await app.inject(`/${file}`)
      expect(answer.statusCode, file).toBe(200)
      expect(answer.headers['content-type'], file).toMatch(types[file.split('.')[1] ?? ''] ?? /nothing/)
    }
  })

  test("obeys the content security policy default-src 'self': nothing inline, nothing from elsewhere", async () => {
    const page = (await app.inject('/')).body
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|(?:src|href)="(?:https?:)?\/\//)
    expect(named(page, /<script([^>]*)>/g)).toEqual([' type="module" src="main.js"'])
    for (const file of await loadedFiles()) {
      const { body } = await app.inject(`/${file}`)
      expect(body, file).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|@import|\burl\(/,
      )
    }
  })

  test('takes less than 40 KB to transfer', async () => {
    const sizes = await Promise.all(
      ['', ...(await loadedFiles())].map(async (file) => {
        const answer = await app.inject({ url: `/${file}`, headers: { 'accept-encoding': 'gzip' } })
        return answer.rawPayload.length
      }),
    )
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(40_000)
  })

  test('is compressed for those who take it, whole for the others, and not sent again when unchanged', async () => {
    const plain = await app.inject('/main.js')
    const small = await app.inject({ url: '/main.js', headers: { 'accept-encoding': 'br, gzip;q=0.5' } })
    expect(small.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(small.rawPayload).toString()).toBe(plain.body)
    const refused = await app.inject({ url: '/main.js', headers: { 'accept-encoding': 'gzip;q=0, identity' } })
    expect(refused.headers['content-encoding']).toBeUndefined()
    expect(refused.body).toBe(plain.body)
    const again = await app.inject({
      url: '/main.js',
      headers: { 'accept-encoding': 'gzip', 'if-none-match': String(small.headers.etag) },
    })
    expect(again.statusCode).toBe(304)
    expect(again.body).toBe('')
  })

  test('every route declares the policy "anyone" and stays out of the API documentation', () => {
    expect(routes.length).toBeGreaterThan(10)
    for (const { url, config, schema } of routes) {
      expect({ url, config, schema }).toMatchObject({ config: { policy: 'anyone' }, schema: { hide: true } })
    }
  })

  test.each(['/nothing.js', '/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/src/index.ts'])(
    '%s is not a file of it',
    async (url) => {
      expect((await app.inject(url)).statusCode).toBe(404)
    },
  )
})
