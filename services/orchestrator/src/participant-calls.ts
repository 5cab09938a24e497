import { type StepCall, StepCallError } from '@comptoir/runtime'
import { type Answer, type Command, commandType, traceParent } from '@comptoir/saga'

/**
 * Where the steps of each participant are called: absolute URLs without a slash at the end, one for each of its instances, or
 * of what stands before them.
 */
export type ParticipantAddresses = (at: string) => readonly string[]

/** What a participant answers; of a failure it may say where in the input its reason stands (JSON pointer). */
export type StepAnswer = Answer & { readonly detail?: string }

/** Calls the steps of participants over HTTP. One that does not answer is called at its next address the next time. */
export class ParticipantCalls {
  readonly #addresses: ParticipantAddresses
  readonly #turns = new Map<string, number>()
  readonly #troubles = new Map<string, string>()

  constructor(addresses: ParticipantAddresses) {
    this.#addresses = addresses
  }

  /** Which participants did not answer the last time, and why; their sagas wait for them. */
  get troubles(): readonly string[] {
    return [...this.#troubles].map(([at, reason]) => `${at} does not answer the orchestrator: ${reason}`)
  }

  /** Makes one call. @throws StepCallError when it was reached and answered with an error; Error when there is no answer */
  async call(at: string, { saga, definition, command, body }: StepCall, abort: AbortSignal): Promise<StepAnswer> {
    const addresses = this.#addresses(at)
    const turn = this.#turns.get(at) ?? 0
    const place = `${addresses[turn % addresses.length]}/sagas/${saga}/steps/${command.step}/${command.phase}`
    try {
      const answer = await ask(place, saga, { definition, data: body }, command, abort)
      this.#troubles.delete(at)
      return answer
    } catch (error) {
      // Of calls that failed together the first moves on for all.
      if ((this.#turns.get(at) ?? 0) === turn) this.#turns.set(at, turn + 1)
      this.#troubles.set(at, reasonOf(error))
      throw error
    }
  }
}

async function ask(place: string, saga: string, body: object, command: Command, signal: AbortSignal): Promise<StepAnswer> {
  const response = await fetch(place, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: traceParent(saga, commandType(command)) },
    body: JSON.stringify(body),
    redirect: 'error',
    signal,
  })
  const away = awayStatuses.includes(response.status)
  const answer = (await response.json().catch(() => ({}))) as Partial<StepAnswer> & { readonly detail?: string }
  const words = `${response.status} ${answer.detail ?? response.statusText}`
  if (!response.ok) throw away ? new Error(words) : new StepCallError(words)
  if (!isAnswer(answer, command)) throw new StepCallError(`${place} is no step of a participant: correct its address`)
  return answer
}

/** What a participant, or what stands before it, answers that is away or has too much to do: it was not reached. */
const awayStatuses: readonly number[] = [408, 429, 502, 503, 504]

/** Whoever else stands at that address, what it says is no outcome. */
function isAnswer(answer: Partial<StepAnswer>, { step, phase }: Command): answer is StepAnswer {
  if (answer.step !== step || answer.phase !== phase) return false
  if (phase === 'undo') return answer.outcome === 'undone'
  const { outcome, result, cause } = answer as { outcome?: string; result?: unknown; cause?: { reason?: unknown } }
  return outcome === 'done' ? typeof result === 'object' : /^(failed|refused)$/.test(outcome ?? '') && !!cause?.reason
}

/** What fetch throws says only in its cause what it was. */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as { message?: string; cause?: { message?: string; code?: string } }
  return cause?.message || cause?.code || message || String(error)
}
