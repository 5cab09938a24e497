// @ts-check
/** The badge of an order and the chips of a saga's steps: colour, icon and words together. */
import { el, icon } from './dom.js'
import { exact } from './format.js'
import { orderLook, reasonWords, sagaLook, stepLook } from './words.js'

/** @typedef {import('./model.js').Saga} Saga @typedef {import('./model.js').Step} Step */

/** @param {string} status */
export function orderBadge(status) {
  const look = orderLook(status)
  return el(
    'span',
    { class: `badge tone-${look.tone}`, 'data-testid': 'status-badge', 'data-status': status },
    icon(look.icon),
    look.words,
  )
}

/** @param {string} status */
export function sagaBadge(status) {
  const look = sagaLook(status)
  return el(
    'span',
    { class: `badge tone-${look.tone}`, 'data-testid': 'saga-status', 'data-status': status },
    icon(look.icon),
    look.words,
  )
}

/** @param {Saga} saga */
export const stepChips = (saga) =>
  el('ol', { class: 'chips', 'aria-label': `Steps of ${saga.saga}`, 'data-testid': 'steps' }, ...saga.steps.map(chip))

/** @param {Step} step */
function chip(step) {
  const look = stepLook(step.status)
  const wasDone = step.status === 'undoing' || step.status === 'undone'
  // What a glance must catch is spelt out; that a step is done or still waits, the icon says (and screen readers hear it).
  const spelt = step.status !== 'done' && step.status !== 'waiting'
  const attributes = {
    class: `chip tone-${look.tone}`,
    title: chipTitle(step),
    'data-testid': 'step-chip',
    'data-step': step.step,
    'data-status': step.status,
  }
  return el(
    'li',
    attributes,
    wasDone ? icon('done') : null,
    icon(look.icon),
    el('span', { class: 'chip-service' }, step.service),
    el('span', { class: 'chip-step' }, step.step),
    el('span', { class: spelt ? 'chip-state' : 'unseen' }, look.words),
  )
}

/** @param {Step} step */
function chipTitle(step) {
  const lines = [`${step.step} at ${step.service} (${step.kind}): ${stepLook(step.status).words}`]
  if (step.attempts > 1) lines.push(`attempts: ${step.attempts}`)
  if (step.error) lines.push(step.error)
  if (step.reason) lines.push(`because: ${reasonWords(step.reason)}`)
  if (step.at) lines.push(`${step.status === 'failed' ? 'failed' : 'done'}: ${exact(step.at)}`)
  if (step.undone_at) lines.push(`undone: ${exact(step.undone_at)}`)
  return lines.join('\n')
}
