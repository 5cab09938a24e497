// @ts-check
/** Pays one payment by card. What was typed goes into one request, and nowhere else. */
const id = location.pathname.split('/').at(-1)
const cad = new Intl.NumberFormat('en-CA', { style: 'currency', currency: 'CAD' })
const states = {
  OPEN: 'Waiting to be paid',
  PAID: 'Paid. Thank you.',
  CLOSED: 'The order was cancelled or has expired: there is nothing to pay any more.',
}

/** @template {HTMLElement} T @param {string} name @param {new () => T} type @returns {T} */
function part(name, type) {
  const found = document.getElementById(name)
  if (found instanceof type) return found
  throw new Error(`The page has no ${name}`)
}
const title = part('title', HTMLElement)
const amount = part('amount', HTMLElement)
const state = part('state', HTMLElement)
const problem = part('problem', HTMLElement)
const form = part('form', HTMLFormElement)
const fields = part('fields', HTMLFieldSetElement)
const number = part('number', HTMLInputElement)
const expires = part('expires', HTMLInputElement)
const code = part('code', HTMLInputElement)

/** @param {string} url @param {RequestInit} [request] @throws Error with the words of the answer when it is not a success */
async function ask(url, request) {
  const response = await fetch(url, request).catch(() => {
    throw new Error('The service does not answer. Nothing is lost by trying again: a payment is paid once.')
  })
  const body = await response.json()
  if (response.ok) return body
  throw new Error(body.detail)
}

/** @param {string} text */
function complain(text) {
  problem.textContent = text
  problem.hidden = text === ''
}

async function show() {
  try {
    /** @type {{ order_id: number, total_amount: number, status: keyof typeof states }} */
    const payment = await ask(`../${id}`)
    title.textContent = `Order ${payment.order_id}`
    document.title = `Pay order ${payment.order_id} · Comptoir`
    amount.textContent = cad.format(payment.total_amount)
    state.textContent = states[payment.status]
    part('pay', HTMLButtonElement).textContent = `Pay ${cad.format(payment.total_amount)}`
    document.body.dataset.status = payment.status
    form.hidden = payment.status !== 'OPEN'
    fields.disabled = form.hidden
  } catch (error) {
    state.textContent = String(error instanceof Error ? error.message : error)
  }
}

async function pay() {
  const card = { cardNumber: number.value.replaceAll(/[ -]/g, ''), cardCode: code.value, expirationDate: expires.value }
  complain('')
  fields.disabled = true
  try {
    await ask(location.pathname, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(card) })
    form.reset()
  } catch (error) {
    complain(String(error instanceof Error ? error.message : error))
  }
  await show()
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void pay()
})
for (const sample of form.querySelectorAll('button[data-number]')) {
  if (!(sample instanceof HTMLElement)) continue
  sample.addEventListener('click', () => {
    number.value = sample.dataset.number ?? ''
    expires.value = sample.dataset.expires ?? ''
    code.value = '123'
    complain('')
  })
}
void show()
