import { Leader } from '../leading/leader.ts'
import { isFinal } from '../leading/leading.ts'
import { takeOver } from '../log/positions.ts'
import type { Broker, Loss, Subscription } from '../ports/broker.ts'
import type { Service } from '../service.ts'
import { Trouble } from '../trouble.ts'
import { controlMailbox } from '../unit-of-work.ts'
import { BrokerInlet } from './broker-inlet.ts'
import { batchLimit, ConsumeLoop, type Consumer, findHeld } from './consume.ts'
import { ControlFirst } from './control-first.ts'
import { isOutOfReach } from './database-watch.ts'
import { Handling } from './handling.ts'
import { HeldKeys, heldSignal } from './held-keys.ts'
import { noteLosses } from './losses.ts'
import { Members } from './members.ts'

/** An arrival is announced; this is only for what no announcement is made of. */
const pollMs = 1_000
/** What an instance that died may have had in hand: a batch, and those that the broker did not know to be handled. */
const inHand = 3 * batchLimit

/** When keys have come, what is in the control mailbox goes first, for so long at most; it is looked at so often. In milliseconds. */
const [controlMs, lookMs] = [5_000, 50]

/**
 * The consumer of one service's mailboxes at a broker. All instances are active, each on its share of the keys, but those that
 * have no way to the database; what is held is tried again by one of them.
 */
export class BrokerConsumer implements Consumer {
  readonly #loop: ConsumeLoop
  readonly #broker: Broker
  readonly #held: HeldKeys
  /** Of what is held, for all instances. */
  readonly #keeper: Leader
  readonly #members: Members
  readonly #stop = new AbortController()
  #subscriptions: readonly Subscription[] = []
  /** Found, and not noted yet. */
  #losses: readonly Loss[] = []
  #consuming: Promise<void> | undefined

  constructor(service: Service, broker: Broker) {
    this.#loop = new ConsumeLoop(service, new Trouble(service.name, service.name, service.ports))
    this.#broker = broker
    this.#held = new HeldKeys(service, true)
    this.#keeper = new Leader(service, heldSignal(service.name), (until, begun) => this.#keep(until, begun))
    this.#members = new Members(service.ports.database, service.name)
  }

  get trouble(): string | null {
    return this.#loop.trouble.text ?? this.#keeper.trouble.text
  }

  /** Why the broker brings nothing just now, or null. It is waited for; what the service says meanwhile stays in its log. */
  get away(): string | null {
    const reason = this.#subscriptions.find(({ trouble }) => trouble !== null)?.trouble ?? null
    return reason === null ? null : `mailbox ${this.#loop.service.name}: ${reason}`
  }

  async start(): Promise<void> {
    void this.#keeper.start()
    this.#consuming = this.#consume()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all([this.#keeper.stop(), this.#consuming])
  }

  async #consume(): Promise<void> {
    let enter = () => this.#members.join()
    while ((await this.#entered(enter)) && (await this.#takeShare())) enter = () => this.#members.rejoin()
  }

  /** Tries until the database has taken note that this instance consumes: who cannot reach it takes no keys. False when stopped. */
  async #entered(enter: () => Promise<void>): Promise<boolean> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await enter()
        return true
      } catch (error) {
        await this.#loop.trouble.pause(error, signal)
      }
    }
    return false
  }

  /** Consumes a share of the keys. Answers whether it was given up for want of the database, and wanted again. */
  async #takeShare(): Promise<boolean> {
    const { service, failures, trouble } = this.#loop
    const share = new AbortController()
    const until = AbortSignal.any([this.#stop.signal, share.signal])
    const control = this.#broker.subscribe(controlMailbox(service.name))
    const normal = this.#broker.subscribe(service.name)
    const subscriptions = [control, normal]
    this.#subscriptions = subscriptions
    const inlet = new ControlFirst(new BrokerInlet(control), new BrokerInlet(normal))
    const handling = new Handling(service, inlet, this.#held, failures)
    const givenUp = isOutOfReach(service, until).then(async (outOfReach) => {
      if (!outOfReach) return false
      share.abort()
      // At once: what is under way may take a minute to fail. If it succeeds after all, the next owner finds it in the inbox.
      await closeAll(subscriptions)
      return true
    })
    let generation = 0
    try {
      const before = async () => {
        await this.#noteLosses(subscriptions)
        const seen = control.generation + normal.generation
        if (generation === seen) return
        inlet.holdBack(this.#controlHandled(until))
        // Keys have come from somebody else: did it die over them?
        handling.beCareful((await this.#members.deaths()) * inHand)
        generation = seen
      }
      await this.#loop.run(inlet, handling, until, before, () => pollMs)
      if (!share.signal.aborted && !handling.careful) await this.#members.leave()
    } catch (error) {
      await trouble.pause(error, until)
    } finally {
      share.abort()
      await closeAll(subscriptions)
    }
    return givenUp
  }

  /** What the broker has deleted is to be published again; what comes behind it need not wait for that. */
  async #noteLosses(subscriptions: readonly Subscription[]): Promise<void> {
    const { name, ports } = this.#loop.service
    this.#losses = [...this.#losses, ...subscriptions.flatMap((subscription) => subscription.losses())]
    if (this.#losses.length === 0) return
    await noteLosses(ports.database, name, this.#losses)
    this.#losses = []
  }

  /** Resolves when the control mailbox was empty once, whoever consumes it: the shares of the two go their own ways. */
  async #controlHandled(until: AbortSignal): Promise<void> {
    const { name, ports } = this.#loop.service
    const mailbox = controlMailbox(name)
    const end = performance.now() + controlMs
    while (!until.aborted && performance.now() < end) {
      // What keeps the broker from answering shows in the subscriptions.
      const behind = await this.#broker.behind(mailbox).catch(() => undefined)
      if (behind === 0) return
      await ports.signals.wait(`${mailbox}.never`, 0, lookMs, until)
    }
  }

  /** Tries what is held again, for all instances. */
  async #keep(until: AbortSignal, begun: () => void): Promise<void> {
    const { service, failures, trouble } = this.#loop
    const { name, ports } = service
    const hold = await takeOver(ports.database, name, 'held', [name])
    const signal = heldSignal(name)
    await findHeld(service, this.#held)
    begun()
    while (!until.aborted) {
      const seen = ports.signals.seen(signal)
      try {
        if (trouble.text === null) await this.#held.retryDue(hold, failures)
        this.#keeper.trouble.over()
      } catch (error) {
        if (isFinal(error)) throw error
        await this.#keeper.trouble.pause(error, until)
      }
      await ports.signals.wait(signal, seen, this.#held.waitMs(pollMs), until)
    }
  }
}

const closeAll = (subscriptions: readonly Subscription[]) =>
  Promise.all(subscriptions.map((subscription) => subscription.close()))
