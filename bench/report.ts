import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Figure } from './figure.ts'
import { machine } from './machine.ts'
import type { Findings, Scale } from './scenario.ts'

const results = fileURLToPath(new URL('results/', import.meta.url))

/** The figures as a table, each beside its goal. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, values: { median, min, max, runs }, goal, reached }) => [
    name,
    `${digits(median)} ${unit}`,
    runs > 1 ? `${digits(min)} … ${digits(max)}` : '',
    goal ?? '',
    reached === null ? '' : reached ? 'reached' : 'MISSED',
  ])
  const all = [['what', 'median', 'min … max', 'goal', ''], ...rows]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Three digits that count. */
const digits = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))))

/** Writes everything as JSON. Runs that are not complete go to a folder that is not committed. */
export async function writeResults(
  findings: Readonly<Record<string, Findings>>,
  scale: Scale,
  complete: boolean,
  mode: string,
): Promise<string> {
  const folder = complete ? results : join(results, 'local')
  const at = new Date().toISOString()
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${at.slice(0, 10)}-${mode}.json`)
  await writeFile(file, `${JSON.stringify({ at, machine, scale, findings }, null, 2)}\n`)
  return file
}
