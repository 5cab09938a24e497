// @ts-check
/** Numbers and times as the page shows them. Pure: no document, no clock of its own. */

const cad = new Intl.NumberFormat('en-CA', { style: 'currency', currency: 'CAD' })

/** @param {number} amount in dollars */
export const money = (amount) => cad.format(amount)

/**
 * How long ago, in one unit: `12 s ago`. A clock that is ahead of ours counts as now.
 * @param {string} at ISO time
 * @param {number} now in ms since 1970
 */
export function age(at, now) {
  const seconds = Math.floor((now - Date.parse(at)) / 1000)
  if (seconds < 1) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  return `${Math.floor(seconds / 86_400)} d ago`
}

/** @param {string} at ISO time; answers it in local time and in UTC, for a tooltip */
export function exact(at) {
  const local = new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
  return `${local} (${at})`
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}
