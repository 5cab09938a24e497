import type { Figure } from './figure.ts'
import { inWords } from './machine.ts'
import type { Report } from './scenario.ts'
import { digits } from './table.ts'

/*
 * The figures as an SVG picture: one bar each, with a line from the smallest to the largest run, a thinner bar for the
 * hand-written loop, and a mark where the goal is. Figures of one scenario and one unit share a scale.
 */

const width = 1_060
const head = 84
const [nameEnd, barStart, barEnd, noteStart] = [390, 402, 742, 754]
const rowHeight = 30
/** Between two scenarios. */
const gap = 12
const color = { none: '#5b7fa6', reached: '#3f8f5f', missed: '#c0504d', byHand: '#b9b9b9', text: '#222', dim: '#666' }
const small = `fill="${color.dim}" font-size="10"`

type Drawn = Pick<Report, 'at' | 'commit' | 'machine' | 'figures'>

/** @param scenarios what was found, by scenario */
export function picture(title: string, scenarios: Readonly<Record<string, Drawn>>): string {
  const machines = new Set(Object.values(scenarios).map((report) => inWords(report.machine)))
  const parts = [
    text(20, 28, `Comptoir, ${title}`, 'font-size="17" font-weight="bold"'),
    text(20, 46, [...machines].join('; '), `fill="${color.dim}"`),
    legend(20, 66),
  ]
  let top = head
  for (const [scenario, { at, commit, figures }] of Object.entries(scenarios)) {
    parts.push(text(20, top + 14, scenario, 'font-weight="bold"'), text(20, top + 28, `${at.slice(0, 10)}, ${commit}`, small))
    for (const figure of figures) {
      parts.push(row(figure, Math.max(...figures.filter(({ unit }) => unit === figure.unit).map(largest)), top))
      top += rowHeight
    }
    top += gap
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}" font-family="sans-serif" font-size="12" fill="${color.text}">`,
    `<rect width="${width}" height="${top}" fill="white"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

const largest = ({ values, byHand, goal }: Figure): number => Math.max(values.max, byHand?.median ?? 0, goal?.bound ?? 0)

function row(
  { name, unit, values: { median, min, max, runs }, byHand, goal, reached }: Figure,
  scale: number,
  top: number,
): string {
  const at = (value: number) => barStart + (Math.max(0, value) / Math.max(scale, Number.MIN_VALUE)) * (barEnd - barStart)
  const verdict = reached === null ? 'none' : reached ? 'reached' : 'missed'
  const parts = [
    text(nameEnd, top + 14, name, 'text-anchor="end"'),
    rect(barStart, top + 3, at(median) - barStart, 13, color[verdict]),
    text(noteStart, top + 14, note({ unit, median, byHand, goal, reached })),
  ]
  if (byHand) parts.push(rect(barStart, top + 17, at(byHand.median) - barStart, 6, color.byHand))
  if (runs > 1) parts.push(line(at(min), top + 9.5, at(max), top + 9.5))
  if (goal) parts.push(line(at(goal.bound), top, at(goal.bound), top + 25, 'stroke-width="2"'))
  return parts.join('\n')
}

function note({
  unit,
  median,
  byHand,
  goal,
  reached,
}: Pick<Figure, 'unit' | 'byHand' | 'goal' | 'reached'> & { median: number }) {
  const parts = [`${digits(median)} ${unit}`]
  if (byHand) parts.push(`by hand ${digits(byHand.median)}`)
  if (goal) parts.push(`goal ${goal.text}${reached ? '' : ': missed'}`)
  return parts.join('; ')
}

function legend(x: number, y: number): string {
  const entry = (at: number, fill: string, words: string) => `${rect(at, y - 10, 14, 10, fill)}${text(at + 20, y, words)}`
  return [
    entry(x, color.reached, 'goal reached'),
    entry(x + 120, color.missed, 'goal missed'),
    entry(x + 240, color.none, 'no goal'),
    entry(x + 330, color.byHand, 'hand-written loop, same run'),
    `${line(x + 540, y - 14, x + 540, y + 4, 'stroke-width="2"')}${text(x + 550, y, 'goal')}`,
    `${line(x + 600, y - 5, x + 630, y - 5)}${text(x + 638, y, 'smallest to largest run')}`,
  ].join('\n')
}

const rect = (x: number, y: number, w: number, h: number, fill: string) =>
  `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(1, w))}" height="${h}" fill="${fill}"/>`
const line = (x1: number, y1: number, x2: number, y2: number, more = '') =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="black" ${more}/>`
const text = (x: number, y: number, words: string, more = '') =>
  `<text x="${round(x)}" y="${round(y)}" ${more}>${escaped(words)}</text>`

const round = (value: number) => Number(value.toFixed(1))
const escaped = (words: string) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
