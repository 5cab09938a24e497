import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { machine } from './machine.ts'
import { picture } from './picture.ts'
import type { Mode } from './place.ts'
import type { Findings, Scale } from './scenario.ts'

const results = fileURLToPath(new URL('results/', import.meta.url))

/**
 * Writes everything as JSON, and the figures as a picture beside it. Runs that are not complete go to a folder that is not
 * committed.
 *
 * @returns the path of both, without its end
 */
export async function writeResults(
  findings: Readonly<Record<string, Findings>>,
  scale: Scale,
  complete: boolean,
  mode: Mode,
): Promise<string> {
  const folder = complete ? results : join(results, 'local')
  const at = new Date().toISOString()
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${at.slice(0, 10)}-${mode}`)
  await writeFile(`${file}.json`, `${JSON.stringify({ at, mode, machine, scale, findings }, null, 2)}\n`)
  const { cpu, cores, memoryGigabytes, node } = machine
  const title = `${mode}, ${at.slice(0, 10)}${complete ? '' : ', not a complete run'}`
  const subtitle = `${cores} cores ${cpu}, ${memoryGigabytes} GB, Node ${node}; ${scale.runs === 1 ? 'one run' : `medians of ${scale.runs} runs`}`
  const figures = Object.fromEntries(Object.entries(findings).map(([scenario, found]) => [scenario, found.figures]))
  await writeFile(`${file}.svg`, picture(title, subtitle, figures))
  return file
}
