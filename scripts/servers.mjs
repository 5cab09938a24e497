/**
 * `npm run servers`: says which of the servers that the tests need are there, and fails when one is missing; with
 * `--install` it installs those first.
 */
import { relative } from 'node:path'
import { installCommand, servers } from './servers/find.mjs'
import { installServers } from './servers/install.mjs'

if (process.argv.includes('--install')) await installServers()

const here = (path) => (path.startsWith(process.cwd()) ? relative('', path) : path)
const missing = []
for (const [name, { find }] of Object.entries(servers)) {
  const there = find()
  if (!there) missing.push(name)
  console.log(`${name.padEnd(12)}${there ? `${there.version.padEnd(10)}${here(there.where)}` : 'missing'}`)
}
if (missing.length > 0) {
  console.log(`\nTo install what is missing: ${installCommand}`)
  process.exitCode = 1
}
