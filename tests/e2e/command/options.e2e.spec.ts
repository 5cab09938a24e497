import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { comptoir } from '../../kit/command.ts'
import { scratchFolder } from '../../kit/folder.ts'
import { within } from '../../kit/wait.ts'

async function run(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = comptoir(args)
  const { code } = await within('the end', command.ended)
  return { code, stdout: command.stdout(), stderr: command.stderr() }
}

const wrong: [args: string, words: RegExp][] = [
  ['serve --port eighty', /--port <n>.*eighty.*a port is a number from 0 to 65535/],
  ['serve --port 65536', /a port is a number from 0 to 65535/],
  ['serve --port -1', /a port is a number/],
  ['serve --port 80.5', /a port is a number/],
  ['serve --port', /--port <n>.*argument missing/],
  ['serve --data', /--data <dir>.*argument missing/],
  ['serve --verbose', /unknown option '--verbose'/],
  ['serve --jsn', /did you mean --json/i],
  ['serve here', /too many arguments/],
  ['serve --ephemeral --data here', /--ephemeral.*cannot be used with.*--data/],
  ['destroy', /unknown command|too many arguments/],
  ['rebuild --port 1', /unknown option '--port'/],
]

it.each(wrong)('comptoir %s is refused in words', async (args, words) => {
  const { code, stdout, stderr } = await run(args.split(' '))
  expect(code).toBe(1)
  expect(stderr).toMatch(words)
  expect(stderr).not.toMatch(/\n\s+at /)
  expect(stdout).toBe('')
})

it('--help tells all options', async () => {
  const { code, stdout } = await run(['serve', '--help'])
  expect(code).toBe(0)
  for (const option of ['--port', '--data', '--ephemeral', '--json', '--no-seed', '--demo']) expect(stdout).toContain(option)
})

it('a data folder that is a file is told in words', async () => {
  const file = join(scratchFolder(), 'file')
  writeFileSync(file, '')
  const { code, stderr } = await run(['serve', '--port', '0', '--data', file])
  expect(code).toBe(1)
  expect(stderr).toContain(file)
  expect(stderr).not.toMatch(/\n\s+at /)
})
