/**
 * Makes what `npm start` runs: the command with all its modules in a few files, which load in a fifth of the time.
 * Nothing is done when no source is newer.
 */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = `${root}apps/comptoir/dist/bundle`
// Written last: a bundle without it was not finished. It lists what the bundle was made from.
const stamp = `${out}/sources.json`

/** These find files of their own beside their modules. */
const external = ['@electric-sql/pglite', '@fastify/static', '@fastify/swagger', '@fastify/swagger-ui', '@platformatic/kafka']

/** A module goes on naming files by where its source lies, not by where the bundle lies. */
const ownPlaces = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\/(packages|services|apps)\/[^/]+\/src\/.*\.ts$/ }, async ({ path }) => {
      const place = `new URL(${JSON.stringify(relative(out, path))}, import.meta.url).href`
      const text = await readFile(path, 'utf8')
      return { contents: text.replaceAll(/\bimport\.meta\.url\b/g, place), loader: 'ts', resolveDir: dirname(path) }
    })
  },
}

/** Time (milliseconds) of the last change of a file; for ever in the future when it is not there. */
const changed = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY

function isFresh() {
  try {
    const made = statSync(stamp).mtimeMs
    return JSON.parse(readFileSync(stamp, 'utf8')).every((file) => changed(`${root}${file}`) < made)
  } catch (error) {
    if (error.code === 'ENOENT') return false
    throw error
  }
}

/** Bundles the command unless it is as new as its sources. */
export async function bundle() {
  if (isFresh()) return
  const { build } = await import('esbuild')
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['apps/comptoir/src/main.ts', 'apps/comptoir/src/prepare-database.ts'],
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    conditions: ['source'],
    external,
    plugins: [ownPlaces],
    // For the packages among them that are CommonJS.
    banner: {
      js: `import { createRequire as requireBeside } from 'node:module'; const require = requireBeside(import.meta.url);`,
    },
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  })
  const made = new Set(Object.keys(metafile.outputs).map((file) => basename(file)))
  for (const file of readdirSync(out)) if (!made.has(file)) rmSync(`${out}/${file}`)
  const own = Object.keys(metafile.inputs).filter((file) => !file.startsWith('node_modules/'))
  writeFileSync(stamp, JSON.stringify([...own, 'scripts/bundle.mjs', 'node_modules/.package-lock.json']))
}

/** For vitest, so that the tests never start an old bundle. */
export { bundle as setup }
