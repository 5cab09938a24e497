import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { claimFolder, FolderInUse, readHolder } from './folder-lock.ts'
import { isAlive, ownProcess } from './process-identity.ts'

/** Says `ready`; when told to, claims each of its folders; says which it got; holds them until killed. */
const claimant = `
  import { claimFolder } from ${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)}
  const claims = (folder) => {
    try { return Boolean(claimFolder(folder, { url: 'of-the-other' })) }
    catch (error) { if (error.name === 'FolderInUse') return false; throw error }
  }
  process.stdin.once('data', () => console.log(JSON.stringify(process.argv.slice(1).filter(claims))))
  console.log('ready')
`

let folder: string
let children: ChildProcess[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comptoir-lock-'))
  children = []
})
afterEach(async () => {
  await Promise.all(children.map(kill))
  await rm(folder, { recursive: true, force: true })
})

async function start(folders = [folder]) {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', claimant, ...folders], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => String((await lines.next()).value)
  expect(await line()).toBe('ready')
  return {
    child,
    /** The folders that it got. */
    claim: async () => {
      child.stdin.write('go\n')
      return JSON.parse(await line()) as string[]
    },
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

describe('F29: two processes on one folder', () => {
  test('the second is refused, and told who holds it and what to do', async () => {
    const other = await start()
    expect(await other.claim()).toEqual([folder])
    const attempt = () => claimFolder(folder, {})
    expect(attempt).toThrow(FolderInUse)
    expect(attempt).toThrow(new RegExp(`in use by process ${other.child.pid}, url of-the-other.*stop that process`))
    expect(readHolder(folder)).toMatchObject({ pid: other.child.pid, details: { url: 'of-the-other' } })
  }, 30_000)

  test('a lock left by a killed process is taken over', async () => {
    const other = await start()
    await other.claim()
    await kill(other.child)
    expect(readHolder(folder)).toBeUndefined()
    const claim = claimFolder(folder, { url: 'mine' })
    expect(readHolder(folder)).toMatchObject({ pid: process.pid, details: { url: 'mine' } })
    expect(await readdir(folder)).toEqual(['comptoir.lock'])
    claim.release()
    expect(await readdir(folder)).toEqual([])
  }, 30_000)

  test.each([
    ['free', async () => {}],
    ['locked by a dead process', leaveDeadLock],
  ])(
    'of four that claim at the same time one gets it, for 200 folders that are %s',
    async (_, prepare) => {
      const folders = Array.from({ length: 200 }, (_, n) => join(folder, String(n)))
      for (const each of folders) {
        await mkdir(each)
        await prepare(each)
      }
      const rivals = await Promise.all(Array.from({ length: 4 }, () => start(folders)))
      const claimed = await Promise.all(rivals.map((rival) => rival.claim()))
      expect(claimed.flat().toSorted()).toEqual(folders.toSorted())
      for (const [index, { child }] of rivals.entries()) {
        for (const each of claimed[index] ?? []) expect(readHolder(each)?.pid).toBe(child.pid)
      }
      for (const each of folders) expect(await readdir(each)).toEqual(['comptoir.lock'])
    },
    60_000,
  )
})

describe('the lock', () => {
  test('of a process whose number has been given to another is void', async () => {
    await leaveDeadLock(folder)
    claimFolder(folder, {})
    expect(readHolder(folder)?.started).toBe(ownProcess().started)
  })

  test('is taken over from a successor that died while taking over', async () => {
    await leaveDeadLock(folder)
    const dead = { pid: ownProcess().pid, started: 'another time', claim: 'second', details: {} }
    await writeFile(join(folder, 'comptoir.lock.after.first'), JSON.stringify(dead))
    claimFolder(folder, {})
    expect(readHolder(folder)?.pid).toBe(process.pid)
    expect(await readdir(folder)).toEqual(['comptoir.lock'])
  })

  test('counts for a live successor that has not moved into place yet', async () => {
    await leaveDeadLock(folder)
    const live = { ...ownProcess(), claim: 'second', details: {} }
    await writeFile(join(folder, 'comptoir.lock.after.first'), JSON.stringify(live))
    expect(() => claimFolder(folder, {})).toThrow(FolderInUse)
  })

  test('that cannot be read is taken over', async () => {
    await writeFile(join(folder, 'comptoir.lock'), '')
    claimFolder(folder, {})
    expect(readHolder(folder)?.pid).toBe(process.pid)
  })

  test('tells what its holder last said, and nothing after the release', async () => {
    const claim = claimFolder(folder, { url: 'one' })
    claim.update({ url: 'two', port: 8080 })
    expect(readHolder(folder)?.details).toEqual({ url: 'two', port: 8080 })
    expect(JSON.parse(await readFile(join(folder, 'comptoir.lock'), 'utf8'))).toMatchObject({ pid: process.pid })
    claim.release()
    claim.update({ url: 'three' })
    expect(readHolder(folder)).toBeUndefined()
    claimFolder(folder, {}).release()
  })

  test('its own process is alive, one that does not exist is not', () => {
    expect(isAlive(ownProcess())).toBe(true)
    expect(isAlive({ pid: 2 ** 22 + 1, started: '' })).toBe(false)
    expect(isAlive({ pid: 0, started: '' })).toBe(false)
  })
})

async function leaveDeadLock(where: string): Promise<void> {
  const dead = { pid: process.pid, started: 'another time', claim: 'first', details: {} }
  await writeFile(join(where, 'comptoir.lock'), JSON.stringify(dead))
}
