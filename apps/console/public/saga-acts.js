// @ts-check
/** What an operator can do to a saga: pause, resume, retry or cancel it, after a question that says what follows. */
import { act } from './api.js'
import { announce, el, show } from './dom.js'
import { sagaActs } from './model.js'

/** @typedef {import('./model.js').Saga} Saga @typedef {import('./model.js').SagaAct} SagaAct */

/** @type {Record<SagaAct, { words: string, question: string, busy: string, done: string }>} */
const wording = {
  pause: {
    words: 'Pause',
    question: 'Pause it? No step of it is begun until somebody resumes it. A step under way ends, and time-outs go on.',
    busy: 'Pausing…',
    done: 'paused',
  },
  resume: {
    words: 'Resume',
    question: 'Resume it? It goes on where it stood.',
    busy: 'Resuming…',
    done: 'resumed',
  },
  retry: {
    words: 'Retry',
    question: 'Try again what has failed? Remove the cause first, or it fails again.',
    busy: 'Asking for another try…',
    done: 'tried again',
  },
  cancel: {
    words: 'Cancel the saga',
    question: 'Cancel it? What it has done is undone, and its order is given up. This cannot be undone.',
    busy: 'Cancelling…',
    done: 'asked to turn back',
  },
}

/** @param {() => void} changed called after each act */
export function createSagaActs(changed) {
  const node = el('div', { class: 'acts', 'data-testid': 'saga-acts' })
  const reason = el('input', { type: 'text', maxlength: '500', placeholder: 'Why (optional)', 'aria-label': 'Why' })
  /** @type {Saga | undefined} */
  let saga
  /** @type {{ asking: SagaAct | undefined, busy: string, outcome: string }} */
  let state = { asking: undefined, busy: '', outcome: '' }

  /** @param {Partial<typeof state>} change */
  function set(change) {
    state = { ...state, ...change }
    render()
  }

  /** @param {SagaAct} name */
  async function perform(name) {
    const said = reason.value.trim()
    reason.value = ''
    set({ asking: undefined, busy: wording[name].busy, outcome: '' })
    let outcome = `${saga?.saga}: ${wording[name].done}`
    try {
      await act('POST', `/saga-api/sagas/${saga?.saga_id}/${name}`, said === '' ? {} : { reason: said })
    } catch (error) {
      outcome = error instanceof Error ? error.message : String(error)
    }
    set({ busy: '', outcome })
    announce(outcome)
    changed()
  }

  function render() {
    const offered = saga ? sagaActs(saga) : []
    show(node, [offered, state], () => {
      if (state.busy) return [el('p', { role: 'status' }, state.busy)]
      const { asking } = state
      if (asking && offered.includes(asking)) return question(asking)
      return [
        ...offered.map((name) => button('', `${name}-saga`, wording[name].words, () => set({ asking: name, outcome: '' }))),
        state.outcome ? el('p', { role: 'status', class: 'result', 'data-testid': 'saga-act-result' }, state.outcome) : null,
      ]
    })
  }

  /** @param {SagaAct} name */
  const question = (name) => [
    el('p', { role: 'alert' }, wording[name].question),
    reason,
    button(name === 'cancel' ? 'danger' : 'primary', 'confirm-act', `Yes, ${wording[name].words.toLowerCase()}`, () =>
      perform(name),
    ),
    button('', 'leave-saga', 'Leave it', () => set({ asking: undefined })),
  ]

  /** @param {string} look @param {string} testId @param {string} words @param {() => void} onclick */
  const button = (look, testId, words, onclick) =>
    el('button', { type: 'button', class: look, 'data-testid': testId, onclick }, words)

  return {
    node,
    /** @param {Saga} next */
    update(next) {
      saga = next
      render()
    },
  }
}
