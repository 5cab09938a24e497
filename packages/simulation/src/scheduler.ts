import type { Database } from '@comptoir/runtime'
import { type Call, Life, withDriver } from './life.ts'
import { type Letter, Mailbag } from './mailbag.ts'
import type { CrashMoment } from './mortal-database.ts'
import type { SimulationOptions } from './options.ts'
import { SeededRandom } from './seeded-random.ts'
import type { SimulatedTime } from './simulated-time.ts'
import { Trace } from './trace.ts'

/** A message comes so often, at most. */
const mostDeliveries = 4
/** So many messages come at once, at most. */
const mostAtOnce = 4
/** While nothing happens, time passes in larger and larger pieces: from this to that, in milliseconds. */
const idleMs = { first: 100, last: 60_000 }

type Move =
  | { readonly kind: 'wake'; readonly name: string; wake(): void }
  | { readonly kind: 'deliver'; readonly letter: Letter }
  | { readonly kind: 'call'; readonly call: Call }

/** Decides by the seed what happens next, lets it happen, and waits until nothing goes on by itself any more. */
export class Scheduler {
  readonly trace = new Trace()
  /** What speaks for the outside: it never dies. */
  readonly outside: Life
  crashes = 0
  readonly #options: SimulationOptions
  readonly #database: Database
  readonly #epoch: number
  readonly #time: SimulatedTime
  readonly #random: SeededRandom
  readonly #mailbag: Mailbag
  #life: Life
  /** How many moments a process might have died at. */
  #moments = 0
  #idle = idleMs.first

  constructor(options: SimulationOptions, database: Database, epoch: number, time: SimulatedTime) {
    this.#options = options
    this.#database = database
    this.#epoch = epoch
    this.#time = time
    this.#random = new SeededRandom(options.seed ?? 1)
    this.outside = this.#newLife(() => false)
    this.#life = this.#newLife((at) => this.#dies(at))
    this.#mailbag = new Mailbag(
      database,
      this.outside.services.map(({ name }) => name),
    )
  }

  /** The process that runs now. */
  get life(): Life {
    return this.#life
  }

  async start(): Promise<void> {
    await this.#life.start()
    await this.settle()
  }

  stop(): void {
    this.#life.kill()
    this.outside.kill()
  }

  /** Lets one of the things happen that may; answers false when there are none, unless time passes. */
  async step(): Promise<boolean> {
    const moves = this.#moves()
    if (moves.length === 0) return false
    const move = this.#choose(moves)
    this.#idle = idleMs.first
    if (move.kind === 'wake') {
      this.trace.add(`wake ${move.name}`)
      move.wake()
    } else if (move.kind === 'deliver') this.#deliver(move.letter)
    else await this.#call(move.call)
    await this.settle()
    return true
  }

  /** Lets time pass until somebody is woken, and longer each time. */
  async idle(): Promise<void> {
    const due = Math.min(...this.#life.signals.sleepers.map(({ until }) => until)) - this.#time.elapsed
    await this.pass(Math.ceil(Math.max(due, this.#idle)))
    this.#idle = Math.min(2 * this.#idle, idleMs.last)
  }

  /** Lets so many milliseconds pass: who waited for a time that has come is woken. */
  async pass(milliseconds: number): Promise<void> {
    this.trace.add(`pass ${milliseconds} ms`)
    await this.#time.pass(milliseconds)
    for (const sleeper of this.#life.signals.sleepers.filter(({ until }) => until <= this.#time.elapsed)) {
      sleeper.wake()
      await this.settle()
    }
  }

  /** Lets what was begun come to rest, and begins the process anew as often as it has died. */
  async settle(): Promise<void> {
    await this.#life.quiet()
    while (!this.#life.alive) {
      this.#mailbag.putBack(this.#life.broker.inHand)
      this.#life = this.#newLife((at) => this.#dies(at))
      await this.#life.start()
    }
    await this.#mailbag.collect()
  }

  #moves(): readonly Move[] {
    const ready = this.#life.signals.sleepers.filter((sleeper) => sleeper.ready)
    return [
      ...ready.map(({ name, wake }) => ({ kind: 'wake' as const, name, wake })),
      ...this.#mailbag.letters.map((letter) => ({ kind: 'deliver' as const, letter })),
      ...this.#life.calls.map((call) => ({ kind: 'call' as const, call })),
    ]
  }

  /** Brings a message, and perhaps others of its mailbox with it. */
  #deliver(first: Letter): void {
    const batch = [first]
    const others = this.#mailbag.letters.filter((letter) => letter !== first && letter.mailbox === first.mailbox)
    for (let more = this.#random.below(mostAtOnce); more > 0 && others.length > 0; more -= 1) {
      const next = this.#choose(others)
      others.splice(others.indexOf(next), 1)
      batch.push(next)
    }
    for (const letter of batch) letter.deliveries += 1
    this.#mailbag.remove(batch.filter(({ deliveries }) => deliveries >= mostDeliveries || !this.#isRepeated()))
    const what = batch.map(({ message }) => `${message.type} ${this.trace.numberOf(message.key)}`)
    this.trace.add(`deliver to ${first.mailbox}: ${what.join(', ')}`)
    this.#life.broker.bring(first.mailbox, batch)
  }

  async #call(call: Call): Promise<void> {
    this.#life.take(call)
    const isLost = this.#isRepeated()
    this.trace.add(`call ${call.at}: ${call.what} ${this.trace.numberOf(call.saga)}${isLost ? ', its answer is lost' : ''}`)
    const made = call.make()
    made.catch(() => {})
    await this.#life.quiet()
    call.answer(isLost ? Promise.reject(new Error('the answer is lost')) : made)
  }

  #choose<T>(among: readonly T[]): T {
    const { reorder = true } = this.#options
    return among[reorder ? this.#random.below(among.length) : 0] as T
  }

  #isRepeated(): boolean {
    return this.#random.next() < (this.#options.duplicate ?? 0)
  }

  #newLife(dies: (at: CrashMoment['at']) => boolean): Life {
    const make = withDriver(this.#options.services)
    const [database, epoch, time] = [this.#database, this.#epoch, this.#time]
    return new Life({ make, database, epoch, time, random: this.#random.fork(), dies })
  }

  #dies(at: CrashMoment['at']): boolean {
    this.#moments += 1
    const nth = this.#moments
    if (!this.#options.crash?.({ at, nth, chance: this.#random.next() })) return false
    this.crashes += 1
    this.trace.add(`crash ${at}, moment ${nth}`)
    return true
  }
}
