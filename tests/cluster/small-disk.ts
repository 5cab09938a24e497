import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { whenWeHaveEnded } from '../../scripts/servers/guard.mjs'

const isRoot = process.getuid?.() === 0
const asRoot = (...command: readonly string[]) => {
  const [program = '', ...args] = isRoot ? command : ['sudo', '-n', ...command]
  return spawnSync(program, args, { encoding: 'utf8' })
}
/** As root the tests have PostgreSQL run by its own user. */
const owner = isRoot ? 'postgres' : String(process.getuid?.())

/** Whether no file system can be mounted here. Said once, for the tests that are skipped then; a build server skips none. */
export const noSmallDisks = asRoot('unshare', '--mount', 'true').status !== 0 && process.env.CI !== 'true'
if (noSmallDisks)
  process.stderr.write('tests of a full disk are skipped: run them as root, or with sudo, where file systems may be mounted\n')

/** A file system of a few megabytes that can be filled to its last byte. Gone with this process, if not before. */
export interface SmallDisk {
  readonly path: string
  fill(): void
  /** Removes what `fill` has put there. */
  free(): void
}

/** @throws when it cannot be mounted */
export function smallDisk(megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'comptoir-disk-'))
  whenWeHaveEnded(`${isRoot ? '' : 'sudo -n '}umount --lazy "$1"; rmdir "$1"`, path)
  const options = `size=${megabytes}m,mode=0755,uid=${owner}`
  const { status, stderr } = asRoot('mount', '-t', 'tmpfs', '-o', options, 'comptoir-test', path)
  if (status !== 0) throw new Error(`no file system can be mounted, for which root or sudo is needed: ${stderr}`)
  const filler = join(path, 'filler')
  return {
    path,
    fill() {
      const file = openSync(filler, 'a')
      try {
        for (const block = Buffer.alloc(4_096); ; ) writeSync(file, block)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(filler),
  }
}
