/**
 * Makes a fresh clone ready, and returns at once when it is: `--production` before `npm start`, without it before `npm test`.
 * Standard output belongs to the command that follows, so everything here goes to standard error.
 */
import { spawnSync } from 'node:child_process'
import { installedKind, missingFrom } from './installed.mjs'

const say = (text) => process.stderr.write(`${text}\n`)
const root = new URL('..', import.meta.url)

/** Runs to the end with its output on standard error; answers whether it went well. */
function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0
}

/** The npm that runs this script, so that both speak the same version. */
function npm(...args) {
  const cli = process.env.npm_execpath
  return cli ? run(process.execPath, [cli, ...args]) : run('npm', args)
}

function install(kind) {
  say(`Installing the ${kind === 'production' ? 'packages that Comptoir needs to run' : 'packages, those of the tests included'}…`)
  const only = kind === 'production' ? '--omit=dev' : '--include=dev'
  if (npm('ci', only, '--no-audit', '--no-fund')) return
  say(`
The packages could not be installed; npm says why above.
- No network, or a proxy: check \`npm ping\`, then try again.
- package.json and package-lock.json disagree: \`npm install\` mends the lock file.
- Node is older than 20.19: \`node --version\` tells.`)
  process.exit(1)
}

const wanted = process.argv.includes('--production') ? 'production' : 'full'
// Someone who has the tests' packages keeps them when the lock file changes.
const kind = installedKind(root) === 'full' ? 'full' : wanted
if (missingFrom(root, kind).length > 0) install(kind)

if (!run(process.execPath, ['--conditions=source', '--import', 'tsx', 'apps/comptoir/src/prepare-database.ts'])) {
  say('\nThe prepared database could not be built; the reason stands above.')
  process.exit(1)
}
