import { mkdirSync } from 'node:fs'
import { found } from './find.mjs'
import { temporaryFolder } from './guard.mjs'
import { startOwn } from './own.mjs'
import { answerOf, freePort } from './port.mjs'

const usual = { bind: '127.0.0.1', save: '', appendonly: 'no' }

/**
 * Starts a Redis on 127.0.0.1 that keeps nothing: after a stop it is empty.
 *
 * @param folder its place; a temporary one by default
 * @param settings further ones of redis.conf
 */
export async function startRedis({ folder = temporaryFolder('redis'), port, settings = {} } = {}) {
  const { program } = found('Redis')
  mkdirSync(folder, { recursive: true })
  const at = port ?? (await freePort())
  const options = Object.entries({ ...usual, ...settings, port: at, dir: folder }).flatMap(([key, value]) => [
    `--${key}`,
    String(value),
  ])
  const isReady = async () => (await answerOf(at, 'PING\r\n')).toString() === '+PONG\r\n'
  return startOwn(
    { name: 'Redis', folder, command: [program, ...options], isReady },
    { port: at, url: `redis://127.0.0.1:${at}` },
  )
}
