import type { Figure } from './figure.ts'
import { inWords } from './machine.ts'
import type { Report } from './scenario.ts'

const heading = ['what', 'median', 'min … max', 'by hand', 'goal', '']

const cells = ({ name, unit, values: { median, min, max, runs }, byHand, goal, reached }: Figure): string[] => [
  name,
  `${digits(median)} ${unit}`,
  runs > 1 ? `${digits(min)} … ${digits(max)}` : 'one run',
  byHand ? digits(byHand.median) : '',
  goal?.text ?? '',
  reached === null ? '' : reached ? 'reached' : 'MISSED',
]

/** The figures as a table for a terminal, each beside what the hand-written loop reached, and its goal. */
export function table(figures: readonly Figure[]): string {
  const all = [heading, ...figures.map(cells)]
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The figures of all scenarios as Markdown, with when and on what each was measured. */
export function markdown(title: string, scenarios: Readonly<Record<string, Report>>): string {
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`
  const parts = Object.entries(scenarios).map(([name, { at, commit, machine, scale, figures, notes }]) =>
    [
      `## ${name}`,
      `${at.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}, ${inWords(machine)}; runs: at most ${scale.runs}`,
      [line(heading), line(heading.map(() => '---')), ...figures.map((figure) => line(cells(figure)))].join('\n'),
      ...notes,
    ].join('\n\n'),
  )
  return `${[`# ${title}`, ...parts].join('\n\n')}\n`
}

/** Three digits that count. */
export const digits = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
