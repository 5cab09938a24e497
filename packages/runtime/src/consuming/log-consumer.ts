import { Leader } from '../leading/leader.ts'
import { releaseHold, takeOver } from '../log/positions.ts'
import { Reader } from '../log/reader.ts'
import { type Service, saidSignal } from '../service.ts'
import { controlMailbox, feedMailbox } from '../unit-of-work.ts'
import { batchLimit, ConsumeLoop, type Consumer, findHeld } from './consume.ts'
import { ControlFirst } from './control-first.ts'
import { Handling } from './handling.ts'
import { HeldKeys } from './held-keys.ts'

/** The periodic scan, for what no signal announced (another process, a process that died after its commit). */
const pollMs = 100

/** The consumer of one service's mailboxes on the logs of its database: of all instances one is active, the others stand by. */
export class LogConsumer implements Consumer {
  readonly #leader: Leader
  readonly #loop: ConsumeLoop
  readonly #sources: readonly string[]

  /** @param sources the services of this database, whose logs are read */
  constructor(service: Service, sources: readonly string[]) {
    this.#leader = new Leader(service, service.name, (until, begun) => this.#work(until, begun))
    this.#loop = new ConsumeLoop(service, this.#leader.trouble)
    this.#sources = sources
  }

  get trouble(): string | null {
    return this.#leader.trouble.text
  }

  start(): Promise<void> {
    return this.#leader.start()
  }

  stop(): Promise<void> {
    return this.#leader.stop()
  }

  async #work(until: AbortSignal, begun: () => void): Promise<void> {
    const { service, failures, trouble } = this.#loop
    const { name, ports } = service
    const control = controlMailbox(name)
    const hold = await takeOver(ports.database, name, name, this.#sources)
    const controlHold = await takeOver(ports.database, name, control, this.#sources)
    const inlet = new ControlFirst(new Reader(service, control, controlHold), new Reader(service, name, hold))
    const held = new HeldKeys(service)
    const handling = new Handling(service, inlet, held, failures)
    await findHeld(service, held)
    if (!hold.clean || !controlHold.clean) {
      await inlet.poll(batchLimit)
      handling.beCareful(inlet.pending.length)
    }
    // For the feed nobody waits where there is no broker.
    const disclaim = ports.signals.claim(
      [name, control, feedMailbox].flatMap((mailbox) => [mailbox, ...this.#sources.map((source) => saidSignal(mailbox, source))]),
    )
    begun()
    try {
      const before = async () => {
        if (trouble.text === null) await held.retryDue(hold, failures)
      }
      await this.#loop.run(inlet, handling, until, before, () => held.waitMs(pollMs))
      if (!handling.careful) for (const one of [hold, controlHold]) await releaseHold(ports.database, name, one)
    } finally {
      disclaim()
    }
  }
}
