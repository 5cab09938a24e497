import type { Figure } from './figure.ts'

/** The figures as a table, each beside what the hand-written loop reached, and its goal. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, values: { median, min, max, runs }, byHand, goal, reached }) => [
    name,
    `${digits(median)} ${unit}`,
    runs > 1 ? `${digits(min)} … ${digits(max)}` : '',
    byHand ? digits(byHand.median) : '',
    goal?.text ?? '',
    reached === null ? '' : reached ? 'reached' : 'MISSED',
  ])
  const all = [['what', 'median', 'min … max', 'by hand', 'goal', ''], ...rows]
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
export const digits = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
