import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../kit/command.ts'
import { dockerfile } from './shipped.ts'

/** What the build removes before the image gets what is left. */
const removed = /rm -rf (.*)$/.exec(dockerfile.find(([instruction]) => instruction === 'RUN')?.[1] ?? '')?.[1]?.split(/\s+/) ?? []

/** The packages that `npm ci --omit=dev` installs, by their folders. */
function productionPackages(): string[] {
  const lock = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; link?: boolean }>
  }
  return Object.entries(lock.packages)
    .filter(
      ([path, { dev, devOptional, link }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !dev && !devOptional && !link,
    )
    .map(([path]) => path)
    .filter((path) => existsSync(`${root}${path}`) && !removed.some((gone) => path === gone || path.startsWith(`${gone}/`)))
}

/** Makes what the last stage of the Dockerfile copies, and nothing else, in a new folder. */
export function makeImage(folder: string): void {
  const sources = dockerfile.flatMap(([instruction, args]) => {
    const [, source] = /^--from=build \/app\/(\S+) \S+$/.exec(args) ?? []
    return instruction === 'COPY' && source ? [source] : []
  })
  mkdirSync(folder)
  const copy = (how: string, paths: readonly string[]) =>
    spawnSync('cp', [how, '--parents', '--target-directory', folder, ...paths], { cwd: root, encoding: 'utf8' })
  const packages = sources.includes('node_modules') ? productionPackages() : []
  const own = sources.filter((source) => source !== 'node_modules')
  // Of the packages' thousands of files hard links will do. Where the folder is on another disk, they are copied, too.
  const rest = copy('-al', packages).status === 0 ? own : [...packages, ...own]
  const { status, stderr } = copy('-a', rest)
  if (status !== 0) throw new Error(stderr)
}

/** Every file below a folder, with its size and when it was changed last. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name))
      return `${name} ${size} ${mtimeMs}`
    })
    .sort()
}
