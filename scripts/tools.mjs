import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { installCommand, servers } from './servers/find.mjs'

const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0

const sudo = process.getuid?.() === 0 ? '' : 'sudo '
const debian = (name) => `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${name}`

const node24Folder = 'node_modules/.cache/comptoir/node24'
const node24Package = `node-linux-${process.arch}`

/** Where the binary of Node 24 lies, relative to the repository; no dependency of it, because its `node` would hide the user's. */
export const node24 = `${node24Folder}/node_modules/${node24Package}/bin/node`

/** What some tests need and npm packages do not bring: how it is found, and the one command that installs it. */
const tools = {
  chromium: {
    isThere: () => works(process.env.CHROMIUM_PATH ?? '/usr/bin/chromium', '--version'),
    command: debian('chromium'),
  },
  promtool: {
    isThere: () => works('promtool', '--version'),
    command: debian('prometheus'),
  },
  ...Object.fromEntries(
    Object.entries(servers).map(([name, { find }]) => [name, { isThere: () => find() !== undefined, command: installCommand }]),
  ),
  'Node 24': {
    isThere: () => existsSync(node24) && works(node24, '--version'),
    command: `npm install --prefix ${node24Folder} --no-save --no-audit --no-fund ${node24Package}@24`,
  },
}

/**
 * Whether all of these can be used; on a build server (CI=true) those that are missing are installed.
 * @throws when one is missing on a build server and cannot be installed
 */
export function has(...names) {
  const missing = () => names.filter((name) => !tools[name].isThere())
  const absent = missing()
  if (absent.length === 0) return true
  const commands = [...new Set(absent.map((name) => tools[name].command))].join(' && ')
  const listed = absent.join(', ')
  if (process.env.CI !== 'true') {
    console.log(`Missing: ${listed}. Their tests are skipped. To install: ${commands}`)
    return false
  }
  console.log(`Installing ${listed}: ${commands}`)
  spawnSync('sh', ['-c', commands], { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  const left = missing()
  if (left.length > 0) throw new Error(`Missing, and could not be installed by ${commands}: ${left.join(', ')}`)
  return true
}
