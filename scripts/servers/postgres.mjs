import { execFile, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { found } from './find.mjs'
import { temporaryFolder } from './guard.mjs'
import { startOwn } from './own.mjs'
import { answerOf, freePort } from './port.mjs'

const usual = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  shared_buffers: '256MB',
  wal_level: 'replica',
  // What a test acknowledges must survive: that is what most of them are about.
  fsync: 'on',
}

/** PostgreSQL refuses to run as root: then its Debian package's user runs it. */
function unprivileged() {
  if (process.getuid() !== 0) return {}
  const id = (option) => Number(spawnSync('id', [option, 'postgres'], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

/** Under another name first: what is called `data` is whole. */
async function makeCluster(bin, data, user) {
  const unfinished = `${data}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  const options = ['-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions']
  await promisify(execFile)(join(bin, 'initdb'), ['-D', unfinished, ...options], { cwd: '/', ...user })
  renameSync(unfinished, data)
}

/** The first message of a client, for the database and user `postgres`. */
function hello() {
  const parameters = Buffer.from('user\0postgres\0database\0postgres\0\0')
  const head = Buffer.alloc(8)
  head.writeInt32BE(head.length + parameters.length, 0)
  head.writeInt32BE(3 << 16, 4)
  return Buffer.concat([head, parameters])
}

/**
 * Starts a PostgreSQL on 127.0.0.1 that trusts everybody there.
 *
 * @param folder its place, kept when it exists; a temporary one by default. As root, the user `postgres` must get there.
 * @param settings further ones of postgresql.conf
 */
export async function startPostgres({ folder = temporaryFolder('postgres'), port, settings = {} } = {}) {
  const { bin } = found('PostgreSQL')
  const user = unprivileged()
  mkdirSync(folder, { recursive: true })
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  if (!existsSync(data)) await makeCluster(bin, data, user)
  const at = port ?? (await freePort())
  const options = Object.entries({ ...usual, ...settings, port: at }).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  // It answers R to a client that may come in, and E while it still starts.
  const isReady = async () => (await answerOf(at, hello())).toString('latin1', 0, 1) === 'R'
  return startOwn(
    // SIGINT does not wait for the clients to leave.
    { name: 'PostgreSQL', folder, command: [join(bin, 'postgres'), '-D', data, ...options], user, isReady, cleanly: 'SIGINT' },
    { port: at, url: `postgres://postgres@127.0.0.1:${at}/postgres` },
  )
}
