/**
 * Makes a fresh clone ready, and returns at once when it is: `--production` before `npm start`, without it before `npm test`.
 * Standard output belongs to the command that follows, so everything here goes to standard error.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { bundle } from './bundle.mjs'
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
  say(kind === 'production' ? 'Installing what Comptoir needs to run…' : 'Installing what Comptoir and its tests need…')
  const only = kind === 'production' ? '--omit=dev' : '--include=dev'
  if (npm('ci', only, '--no-audit', '--no-fund')) return
  say(`
The packages could not be installed; npm says why above.
- No network, or a proxy: check \`npm ping\`, then try again.
- package.json and package-lock.json disagree: \`npm install\` mends the lock file.
- Node is older than 20.19: \`node --version\` tells.`)
  process.exit(1)
}

/** Times (milliseconds) of what lies below a folder and has such a name; none when there is no folder. */
function timesOf(folder, name) {
  const url = new URL(folder, root)
  try {
    return readdirSync(url, { recursive: true })
      .filter((path) => name.test(path))
      .map((path) => statSync(new URL(path, url)).mtimeMs)
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

/**
 * Whether a database was prepared after the last change of a migration or of PGlite. A quick look only: `serve` knows
 * exactly which one fits, and makes a new database, more slowly, when none does.
 */
function databaseIsPrepared() {
  const sources = ['packages/runtime/sql/', 'services/store/sql/', 'services/payments/sql/'].flatMap((folder) =>
    timesOf(folder, /\.sql$/),
  )
  // A further service brings the engine's tables with it, and no file of its own.
  const services = timesOf('apps/comptoir/src/', /^services\.ts$/)
  const pglite = timesOf('node_modules/@electric-sql/pglite/', /^package\.json$/)
  return (
    Math.max(0, ...timesOf('node_modules/.cache/comptoir/', /^database-[0-9a-f]+$/)) >
    Math.max(...sources, ...services, ...pglite)
  )
}

const wanted = process.argv.includes('--production') ? 'production' : 'full'
// Someone who has the tests' packages keeps them when the lock file changes.
const kind = installedKind(root) === 'full' ? 'full' : wanted
if (missingFrom(root, kind).length > 0) install(kind)

await bundle()

if (!databaseIsPrepared() && !run(process.execPath, ['apps/comptoir/dist/bundle/prepare-database.js'])) {
  say('\nThe prepared database could not be built; the reason stands above.')
  process.exit(1)
}
