import { DatabaseError } from '../ports/database.ts'
import { COMMIT, type Issued, type Outcome, type Request, SKIPPED } from '../wire/issued.ts'
import type { Description } from './catalog.ts'
import { Exchange } from './exchange.ts'
import type { Session } from './session.ts'

/**
 * Sends requests of one transaction and answers one outcome for each, in order: one round trip, and one more for each text
 * that no connection has seen before. Those after the first that fails are skipped.
 */
export async function runBlock(session: Session, requests: readonly Request[]): Promise<Outcome[]> {
  const block = new Block(session)
  for (const request of requests) {
    await block.add(request)
    if (block.failed) break
  }
  await block.send()
  const { outcomes } = block
  while (outcomes.length < requests.length) outcomes.push({ error: skipped() })
  return outcomes
}

/**
 * Sends requests that are each a transaction of their own, and settles each when its answer comes. `done` is called before
 * the last is settled, so that whoever goes on from there finds the connection free.
 */
export async function runSingles(session: Session, issued: readonly Issued[], done: () => void): Promise<void> {
  let left = issued.length
  const settle = (single: Issued, outcome: Outcome) => {
    left -= 1
    if (left === 0) done()
    single.settle(outcome)
  }
  const answers: Promise<void>[] = []
  for (const single of issued) {
    const exchange = new Exchange(session, { alone: true })
    const refusal = await addTo(exchange, session, single)
    if (refusal) settle(single, refusal)
    else answers.push(exchange.finish().then(([outcome]) => outcome && settle(single, outcome)))
  }
  session.send()
  await Promise.all(answers)
}

export function skipped(): DatabaseError {
  return new DatabaseError('skipped: a statement before it in the transaction failed', SKIPPED)
}

/** The requests of a transaction, collected for one exchange as long as they can be. */
class Block {
  readonly outcomes: Outcome[] = []
  failed = false
  readonly #session: Session
  #exchange: Exchange

  constructor(session: Session) {
    this.#session = session
    this.#exchange = new Exchange(session)
  }

  async add(request: Request): Promise<void> {
    const isNew = !this.#session.statements.catalog.get(request.text)
    if (isNew || (request === COMMIT && this.#exchange.isRisky)) await this.send()
    if (this.failed) return
    const refusal = await addTo(this.#exchange, this.#session, request)
    if (!refusal) return
    await this.send()
    if (!this.failed) this.outcomes.push(refusal)
    this.failed = true
  }

  async send(): Promise<void> {
    if (this.#exchange.isEmpty) return
    const finished = this.#exchange.finish()
    this.#session.send()
    this.#exchange = new Exchange(this.#session)
    for (const outcome of await finished) {
      this.failed ||= 'error' in outcome
      this.outcomes.push(outcome)
    }
  }
}

type Refusal = { readonly error: unknown }

/** Adds a request to an exchange, which must be empty if the text is new. */
async function addTo(exchange: Exchange, session: Session, request: Request): Promise<Refusal | undefined> {
  const known = session.statements.catalog.get(request.text) ?? (await describe(session, request.text))
  if ('error' in known) return known
  try {
    exchange.add(request, known)
    return undefined
  } catch (error) {
    return { error }
  }
}

/** Asks the server for the types of a text that no connection has seen before. */
async function describe(session: Session, text: string): Promise<Description | Refusal> {
  if (text.includes('\0')) return { error: new TypeError('SQL text contains U+0000') }
  const exchange = new Exchange(session)
  exchange.describe(text)
  const described = exchange.finish()
  session.send()
  const [outcome] = await described
  if (outcome && 'error' in outcome) return outcome
  return session.statements.catalog.get(text) ?? { error: new DatabaseError('the schema is being changed', '40001') }
}
