import { keyClaim, keyProblem } from '@comptoir/http'
import { claimKeys, type KeyClaim, rememberAnswer, type Unit, type Work } from '@comptoir/runtime'
import type { FastifyRequest } from 'fastify'

export interface Answer<Body> {
  readonly status: number
  readonly body: Body
}

/** Answers of one route, each given once per `Idempotency-Key`; a request without a key is always a new one. */
export class KeyedAnswers<Body> {
  readonly #work: Work
  readonly #scope: string
  readonly #open = new Set<string>()

  /** @param scope what the keys are unique within: method and path of the route */
  constructor(work: Work, scope: string) {
    this.#work = work
    this.#scope = scope
  }

  /**
   * The request's answer: the one stored under its key, or what `act` answers, whose effects, key and answer are one
   * transaction. What `act` throws leaves no key.
   *
   * @throws Problem 400 for a malformed key, 409 while its first request is open, 422 when that was another request; and
   * what `act` throws
   */
  async answer(
    request: FastifyRequest,
    act: (unit: Unit) => Promise<Answer<Body>>,
  ): Promise<Answer<Body> & { replayed: boolean }> {
    const claim = keyClaim(request, this.#scope)
    if (claim === undefined) return { ...(await this.#work.transaction(act)), replayed: false }
    const { key } = claim
    if (this.#open.has(key)) throw keyProblem('open')
    this.#open.add(key)
    try {
      return await this.#work.transaction((unit) => this.#once(unit, claim, act))
    } finally {
      this.#open.delete(key)
    }
  }

  async #once(
    unit: Unit,
    claim: KeyClaim,
    act: (unit: Unit) => Promise<Answer<Body>>,
  ): Promise<Answer<Body> & { replayed: boolean }> {
    const [used] = (await claimKeys(unit, this.#work.name, [{ ...claim, answer: '' }])).values()
    if (used === undefined) {
      const answer = await act(unit)
      await rememberAnswer(unit, this.#work.name, claim, JSON.stringify(answer))
      return { ...answer, replayed: false }
    }
    if (used.fingerprint !== claim.fingerprint) throw keyProblem('mismatch')
    return { ...(JSON.parse(used.answer) as Answer<Body>), replayed: true }
  }
}
