import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

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
  'Node 24': {
    isThere: () => existsSync(node24) && works(node24, '--version'),
    command: `npm install --prefix ${node24Folder} --no-save --no-audit --no-fund ${node24Package}@24`,
  },
}

/**
 * Whether a tool can be used; on a build server (CI=true) it is installed when it is missing.
 * @throws when it is missing on a build server and cannot be installed
 */
export function has(name) {
  const { isThere, command } = tools[name]
  if (isThere()) return true
  if (process.env.CI !== 'true') {
    console.log(`${name} is missing, so its tests are skipped. To install it: ${command}`)
    return false
  }
  console.log(`Installing ${name}: ${command}`)
  spawnSync('sh', ['-c', command], { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  if (!isThere()) throw new Error(`${name} is missing and could not be installed by: ${command}`)
  return true
}
