// @ts-check
/** One saga in the detail panel: its steps, and its journal on a line of time. */
import { copyButton, el, icon, timeAgo } from './dom.js'
import { duration, exact } from './format.js'
import { sagaBadge, stepChips } from './looks.js'
import { timeline } from './model.js'
import { reasonWords } from './words.js'

/** @typedef {import('./model.js').Saga} Saga */

/** @param {Saga} saga @param {Node} acts what can be done to it */
export function sagaView(saga, acts) {
  const stage = saga.ended_at ? `took ${duration(Date.parse(saga.ended_at) - Date.parse(saga.started_at))}` : saga.state
  return el(
    'section',
    { class: 'saga', 'data-testid': 'saga', 'data-saga': saga.saga },
    el('h3', {}, saga.saga, sagaBadge(saga.status)),
    el(
      'p',
      { class: 'muted' },
      `${saga.style}, version ${saga.version} · ${stage}`,
      saga.reason ? ` · ${reasonWords(saga.reason)}` : null,
    ),
    stuck(saga),
    stepChips(saga),
    acts,
    journal(saga),
    ...(saga.acts ?? []).map(actLine),
    el(
      'p',
      { class: 'id' },
      el('span', { class: 'muted' }, 'saga '),
      el('code', {}, saga.saga_id),
      copyButton(saga.saga_id, 'the saga id'),
    ),
  )
}

/** Why it does not go on, and what helps. @param {Saga} saga */
function stuck(saga) {
  if (saga.stuck) {
    const { detail, cure } = saga.stuck
    return el('p', { class: 'alert', 'data-testid': 'stuck' }, `${detail} `, el('span', { class: 'muted' }, cure))
  }
  return saga.attention ? el('p', { class: 'alert' }, saga.attention) : null
}

/** What an operator did. @param {{ at: string, act: string, by: string, reason: string | null }} act */
const actLine = ({ at, act, by, reason }) =>
  el('p', { class: 'muted', 'data-testid': 'act' }, timeAgo(at), ` ${act} by ${by}${reason ? `: ${reason}` : ''}`)

/** @param {Saga} saga */
function journal(saga) {
  const lines = timeline(saga).map(journalLine)
  if (lines.length === 0) return el('p', { class: 'muted' }, 'Its first message is on its way.')
  return el('ol', { class: 'journal', 'aria-label': `Journal of ${saga.saga}`, 'data-testid': 'journal' }, ...lines)
}

/** @param {ReturnType<typeof timeline>[number]} line */
function journalLine({ entry, after, from, to }) {
  const undo = entry.phase === 'undo'
  const look = entry.outcome !== 'done' ? ['failed', 'bad'] : undo ? ['undone', 'warn'] : ['done', 'ok']
  // Through the style object: the content security policy forbids style attributes.
  const bar = el('span', { class: 'bar-fill' })
  bar.style.left = `${from * 100}%`
  bar.style.width = `${(to - from) * 100}%`
  return el(
    'li',
    { class: `tone-${look[1]}`, 'data-testid': 'journal-entry' },
    icon(look[0] ?? ''),
    el('strong', {}, entry.message),
    el('time', { datetime: entry.at, title: exact(entry.at) }, `+${duration(after)}`),
    el('span', { class: 'muted' }, `${entry.step} at ${entry.service}${remark(entry)}`),
    el('span', { class: 'bar', title: 'from the message before to this one' }, bar),
  )
}

/** @param {import('./model.js').Entry} entry */
function remark({ phase, outcome, reason }) {
  if (outcome !== 'done') return reason ? `: ${outcome}, ${reasonWords(reason)}` : `: ${outcome}`
  return phase === 'undo' ? ' (undo)' : ''
}
