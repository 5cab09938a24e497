import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer } from './server.ts'

const config = { policy: 'anyone' } as const
let effects = 0
const done = async () => {
  effects += 1
  return {}
}
const open = (requestTimeout?: number) => {
  const app = createServer({ allowedHosts: 'loopback', ...(requestTimeout === undefined ? {} : { requestTimeout }) })
  app.get('/orders', { config }, done)
  app.post('/orders', { config }, done)
  app.get('/slow', { config }, () => nextTurn().then(done))
  return app
}
const app = open()
/** For those who never finish: on a busy machine it would give up others, too. */
const hasty = open(300)
beforeAll(() => Promise.all([app, hasty].map((one) => one.listen({ port: 0, host: '127.0.0.1' }))))
afterAll(() => Promise.all([app, hasty].map((one) => one.close())))

/** Writes the text to a new connection and reads until the server closes it; vitest's own time limit is the deadline. */
async function exchange(
  text: string,
  andThen?: (socket: Socket) => void,
  at = app,
): Promise<{ status: number; headers: string; body: string }> {
  const socket = connect((at.server.address() as AddressInfo).port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    answer += chunk
  })
  await once(socket, 'connect')
  socket.write(text, 'latin1')
  andThen?.(socket)
  await once(socket, 'close')
  const [headers = '', body = ''] = answer.split(/\r\n\r\n(.*)/s)
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(headers)?.[1]), headers, body }
}

const get = (headers: string, target = '/orders') => `GET ${target} HTTP/1.1\r\nConnection: close\r\n${headers}\r\n`
const host = 'Host: localhost\r\n'
const postHead = `POST /orders HTTP/1.1\r\n${host}Connection: close\r\nContent-Type: application/json\r\n`

async function expectProblem(text: string, status: number, at = app): Promise<string> {
  effects = 0
  const answer = await exchange(text, undefined, at)
  expect(answer.status).toBe(status)
  expect(answer.headers.toLowerCase()).toContain('content-type: application/problem+json')
  expect(answer.headers.toLowerCase()).toContain('x-content-type-options: nosniff')
  const problem = JSON.parse(answer.body)
  expect(problem).toMatchObject({ status, error: problem.detail })
  expect(effects).toBe(0)
  return answer.headers
}

describe('what no HTTP client sends', () => {
  it('a right request is answered', async () => {
    expect((await exchange(get(host))).status).toBe(200)
  })

  it.each([
    ['no Host', ''],
    ['two Hosts', host + host],
    ['row 15: a header that is not ASCII', `${host}X-Name: caf\u00e9\r\n`],
    ['row 15: a bare CR in a header', `${host}X-Name: a\rb: c\r\n`],
    ['a header without a name', `${host}: x\r\n`],
    ['length and chunks at once', `${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n`],
  ])('%s is 400', async (_what, headers) => {
    await expectProblem(get(headers), 400)
  })

  it('row 15: headers that claim to be a proxy or a user are ignored', async () => {
    expect((await exchange(get(`${host}X-Forwarded-Host: evil.example\r\nX-User-Id: 1\r\n`))).status).toBe(200)
    await expectProblem(get('Host: evil.example\r\nX-Forwarded-Host: localhost\r\n'), 421)
  })

  it.each(['TRACE', 'PROPFIND', 'BREW'])('row 12: %s on a known path is 405 with Allow', async (method) => {
    const headers = await expectProblem(`${method} /orders HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, 405)
    expect(headers.toLowerCase()).toContain('allow: get, head, post')
  })

  it('row 12: an unknown method on an unknown path is 404', async () => {
    await expectProblem(`BREW /pot HTTP/1.1\r\n${host}\r\n`, 404)
  })

  it('no HTTP at all is 400', async () => {
    await expectProblem('\x16\x03\x01 hello\r\n\r\n', 400)
  })

  it.each([8_193, 100_000, 1_000_000])('row 13: a URL of %i characters is 414', async (length) => {
    const answer = await exchange(get(host, `/${'x'.repeat(length - 1)}`))
    // What is longer than the parser's own buffer can only be told apart while its beginning is in sight.
    expect(length > 128 * 1024 ? [414, 431] : [414]).toContain(answer.status)
  })

  it('row 13: 200 headers are 431, 90 are read', async () => {
    const headers = (count: number) => host + Array.from({ length: count }, (_, index) => `X-${index}: 1\r\n`).join('')
    expect((await exchange(get(headers(90)))).status).toBe(200)
    await expectProblem(get(headers(200)), 431)
    await expectProblem(get(headers(5_000)), 431)
  })

  it.each([17_000, 200_000])('row 13: a header of %i characters is 431', async (length) => {
    await expectProblem(get(`${host}X-Long: ${'x'.repeat(length)}\r\n`), 431)
  })
})

describe('row 6: bodies that do not end as they should', () => {
  it('a chunked body without end is 413 at the limit, and the connection is closed', async () => {
    const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`
    await expectProblem(`${postHead}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(9)}`, 413)
  })

  it('a Content-Length over the limit is 413 before the body is sent', async () => {
    await expectProblem(`${postHead}Content-Length: 262145\r\n\r\n`, 413)
  })

  it('a body that never comes is 408', async () => {
    await expectProblem(`${postHead}Content-Length: 10\r\n\r\n{`, 408, hasty)
  })

  it('headers that never end are 408', async () => {
    await expectProblem(`GET /orders HTTP/1.1\r\n${host}`, 408, hasty)
  })

  it('a client that leaves in the middle of its body has no effect', async () => {
    effects = 0
    await exchange(`${postHead}Content-Length: 10\r\n\r\n{`, (socket) => socket.destroy())
    expect((await exchange(get(host))).status).toBe(200)
    expect(effects).toBe(1)
  })

  it('a body longer than Content-Length is a broken next request, never part of this one', async () => {
    const answer = await exchange(
      `${postHead.replace('Connection: close\r\n', '')}Content-Length: 2\r\n\r\n{}{"user_id":1}\r\n\r\n`,
    )
    expect(answer.status).toBe(200)
    expect(answer.body).toContain('HTTP/1.1 400')
  })

  it('a broken request behind one that is still at work does not make that one look refused', async () => {
    const answer = await exchange(`GET /slow HTTP/1.1\r\n${host}\r\n\x01\r\n\r\n`)
    expect(answer.status).toBe(200)
    expect(answer.body).toContain('HTTP/1.1 400')
  })
})
