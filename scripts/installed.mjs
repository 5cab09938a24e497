import { readFileSync } from 'node:fs'

/** The packages of a lock file, by their path below the root; none when it does not exist. */
function packagesOf(root, file) {
  try {
    return JSON.parse(readFileSync(new URL(file, root), 'utf8')).packages
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw error
  }
}

// npm writes this one as the last act of an install: it lists what really lies in node_modules.
const installed = (root) => packagesOf(root, 'node_modules/.package-lock.json')

/** What was installed last: 'full' (with the tests' packages), 'production', or undefined when nothing was. */
export function installedKind(root) {
  const packages = Object.values(installed(root))
  if (packages.length === 0) return undefined
  return packages.some(({ dev, optional }) => dev && !optional) ? 'full' : 'production'
}

/**
 * The paths that package-lock.json asks for and node_modules has not, or has in another version.
 * Optional packages do not count: which of them are installed depends on the machine.
 */
export function missingFrom(root, kind) {
  const present = installed(root)
  const needed = Object.entries(packagesOf(root, 'package-lock.json')).filter(
    ([path, { dev, devOptional, optional }]) => path !== '' && !optional && (kind === 'full' || !(dev || devOptional)),
  )
  return needed.filter(([path, { version }]) => present[path]?.version !== version).map(([path]) => path)
}
