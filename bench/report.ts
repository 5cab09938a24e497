import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { machine } from './machine.ts'
import { picture } from './picture.ts'
import type { Mode } from './place.ts'
import type { Findings, Report, Scale } from './scenario.ts'
import { markdown } from './table.ts'

const folder = fileURLToPath(new URL('results/', import.meta.url))

/** The last reports of each scenario in one mode. */
interface Results {
  readonly mode: Mode
  readonly scenarios: Readonly<Record<string, Report>>
}

/**
 * Puts what a scenario found in the place of what it found the last time, as JSON, and draws the figures of all of them as a
 * table and a picture beside it. Quick runs go to a folder that is not committed.
 *
 * @returns the path of all three, without its end
 */
export async function writeReport(
  mode: Mode,
  scenario: string,
  findings: Findings,
  scale: Scale,
  quick: boolean,
): Promise<string> {
  const file = join(quick ? join(folder, 'local') : folder, mode)
  await mkdir(join(folder, 'local'), { recursive: true })
  const report: Report = { at: new Date().toISOString(), commit: commit(), machine, scale, ...findings }
  const before = await readResults(`${file}.json`)
  const results: Results = { mode, scenarios: { ...before?.scenarios, [scenario]: report } }
  const title = `${mode}${quick ? ', quick runs' : ''}`
  await writeFile(`${file}.json`, `${JSON.stringify(results, null, 1)}\n`)
  await writeFile(`${file}.md`, markdown(`Comptoir, ${title}`, results.scenarios))
  await writeFile(`${file}.svg`, picture(title, results.scenarios))
  return file
}

async function readResults(file: string): Promise<Results | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Results
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':(top)', ':(top,exclude)bench/results')
  return git('rev-parse', '--short', 'HEAD') + (changed === '' ? '' : '+')
}
