import { durationText, schemaText } from '@comptoir/saga'
import type { EventReport, Report, SagaReport, StepReport, StoreReport, Work } from './report.ts'

/** The report for people: each saga with its steps, the events, and what is wrong. */
export function reportText({ sagas, events, store, problems }: Report): string {
  const steps = sagas.reduce((count, saga) => count + saga.steps.length, 0)
  const checked = `${sagas.length} sagas with ${steps} steps, ${events.length} events`
  const lines = [
    'Commands (writes) and queries (reads) are what the handlers asked of the database when the examples ran.',
    '',
    ...sagas.flatMap(sagaLines),
    ...events.flatMap(eventLines),
    ...(store ? storeLines(store) : []),
    ...problems.map((problem) => `!! ${problem}`),
    ...(problems.length === 0 ? [`ok ${checked}: nothing is wrong`] : []),
  ]
  return `${lines.join('\n')}\n`
}

function sagaLines({ id, home, steps, ended, attention }: SagaReport): string[] {
  return [
    `${id}, at home at ${home}`,
    ...steps.flatMap((step, index) => stepLines(step, index + 1)),
    ...(ended ? ['  at its end', ...workLines(ended)] : []),
    ...(attention ? ['  when a person is needed', ...workLines(attention)] : []),
    '',
  ]
}

function stepLines(step: StepReport, number: number): string[] {
  const { name, kind, at, state, given, result, reasons, timeout, work, undo } = step
  return [
    `  ${number} ${name}: ${kind}, at ${at}, ${state}`,
    line('given', schemaText(given)),
    line('result', schemaText(result)),
    line('fails with', reasons.length > 0 ? reasons.join(' | ') : 'nothing: it is repeated until it is done'),
    line('time-out', timeout === null ? 'none' : `${durationText(timeout)}, then its outcome is made definite`),
    ...workLines(work),
    ...(undo ? [`    undone by ${undo.name}: ${undo.state}`, ...workLines(undo.work)] : []),
  ]
}

const eventLines = ({ type, from, to, work }: EventReport): string[] => [
  `event ${type}, from ${from} to ${to}`,
  ...workLines(work),
  '',
]

function storeLines({ place, open }: StoreReport): string[] {
  const lines = open.map(({ declaration, keeper, count, fate }) => `  ${count} of ${declaration} at ${keeper}: ${fates[fate]}`)
  return [`open in ${place}`, ...(lines.length > 0 ? lines : ['  nothing']), '']
}

const fates: Readonly<Record<StoreReport['open'][number]['fate'], string>> = {
  known: 'this code ends them',
  newer: 'newer code ends them; this code holds their messages for it',
  stranded: 'nobody would end them',
}

function workLines(work: Work | null): string[] {
  if (!work) return [line('does', 'unknown: no example runs it')]
  const { commands, queries, sends, begins } = work
  const none = queries.length > 0 ? 'none: it only reads' : 'none'
  return [
    line('commands', commands.length > 0 ? commands.join(', ') : none),
    line('queries', queries.length > 0 ? queries.join(', ') : 'none'),
    ...(sends.length > 0 ? [line('sends', sends.join(', '))] : []),
    ...(begins.length > 0 ? [line('begins', begins.join(', '))] : []),
  ]
}

const line = (what: string, text: string): string => `      ${what.padEnd(10)} ${text}`
