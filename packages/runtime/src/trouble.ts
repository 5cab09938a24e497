import { backoff, errorText } from './consuming/failures.ts'
import { tell } from './diagnostics.ts'
import { isFinal } from './leading/leading.ts'
import type { Random } from './ports/clock.ts'
import { isOutOfRoom } from './ports/database.ts'
import type { Signals } from './ports/signals.ts'

const longestPauseMs = 5_000

/** Why a consumer does nothing just now, told once, and the pauses between its tries. */
export class Trouble {
  readonly #service: string
  readonly #consumer: string
  readonly #ports: { readonly signals: Signals; readonly random: Random }
  #tries = 0
  #text: string | null = null

  constructor(service: string, consumer: string, ports: { readonly signals: Signals; readonly random: Random }) {
    this.#service = service
    this.#consumer = consumer
    this.#ports = ports
  }

  /** In words; null when all is well. */
  get text(): string | null {
    return this.#text
  }

  /** Says what is wrong, and waits before the next try, longer each time. */
  async pause(error: unknown, stop: AbortSignal): Promise<void> {
    if (isFinal(error)) return this.#say(error.message)
    this.#tries += 1
    const cure = isOutOfRoom(error) ? ": make room on the disk of the database's server" : ''
    this.#say(`${errorText(error)} (trying again)${cure}`)
    const ms = Math.min(longestPauseMs, backoff(this.#tries, this.#ports.random.next()))
    await this.#ports.signals.wait(`${this.#consumer}.never`, 0, ms, stop)
  }

  /** All is well. */
  over(): void {
    this.#tries = 0
    this.#say(null)
  }

  #say(text: string | null): void {
    if (this.#text === text) return
    this.#text = text
    tell('comptoir:paused', () => ({ service: this.#service, consumer: this.#consumer, reason: text }))
  }
}
