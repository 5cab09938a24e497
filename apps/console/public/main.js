// @ts-check
/** Puts the page together. */
import { createDetail, selectedOrder } from './detail.js'
import { byId, refreshAges, show } from './dom.js'
import { createFeed } from './feed.js'
import { createLive } from './live.js'
import { onName } from './names.js'
import { createOrderList } from './orders.js'
import { showTryIt } from './try-it.js'

const feed = createFeed()
const list = createOrderList(feed)
const live = createLive(async () => {
  await Promise.all([refreshList(), detail.refresh()])
})
const detail = createDetail(feed, live.now)

async function refreshList() {
  try {
    const withoutSagas = await feed.load(list.shown())
    list.render()
    list.mark(selectedOrder())
    showConnection(withoutSagas)
  } catch (error) {
    showConnection(error instanceof Error ? error : new Error(String(error)))
  }
}

/** @param {Error | undefined} failure */
function showConnection(failure) {
  const state = failure ? 'broken' : live.isPaused() ? 'paused' : 'live'
  const words = { broken: 'No good answer; trying again', paused: 'Updates paused', live: 'Connected' }[state]
  document.body.dataset.connection = state
  show(byId('connection'), words, () => [words])
  show(byId('banner'), failure?.message ?? null, () => (failure ? [failure.message] : []))
  byId('banner').hidden = !failure
}

const liveSwitch = byId('live')
liveSwitch.addEventListener('click', () => {
  const pausing = !live.isPaused()
  live.pause(pausing)
  liveSwitch.setAttribute('aria-checked', String(!pausing))
  showConnection(undefined)
})

const close = () => {
  const id = selectedOrder()
  if (id === undefined) return
  history.pushState(null, '', location.pathname + location.search)
  select()
  list.focus(id)
}

function select() {
  list.mark(selectedOrder())
  detail.select()
}

byId('detail-close').addEventListener('click', close)
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') close()
})
addEventListener('popstate', select)
addEventListener('hashchange', () => byId('detail').focus({ preventScroll: true }))
setInterval(refreshAges, 1_000)
onName(() => {
  list.render()
  detail.redraw()
})
showTryIt(() => {
  list.render(false)
  live.now()
})
select()
live.now()
