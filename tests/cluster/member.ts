import { Load } from '../crash/load.ts'
import type { Pace } from '../crash/pace.ts'
import type { Random } from '../crash/random.ts'
import type { StoreProcess } from '../kit/process.ts'
import { startInstance } from './instance.ts'

const connections = 3

/** One of several instances: started again when it is gone, with clients all the time. */
export class Member {
  readonly load: Load
  readonly #env: NodeJS.ProcessEnv
  store: StoreProcess
  #clients = Promise.resolve()
  #said = ''

  private constructor(load: Load, env: NodeJS.ProcessEnv, store: StoreProcess) {
    this.load = load
    this.#env = env
    this.store = store
  }

  /**
   * @param number which one it is; its clients' idempotency keys are its own
   * @param armed further variables of its first process only
   */
  static async start(
    random: Random,
    number: number,
    env: NodeJS.ProcessEnv,
    { pace, armed = {} }: { readonly pace?: Pace; readonly armed?: NodeJS.ProcessEnv } = {},
  ): Promise<Member> {
    return new Member(
      new Load(random, { number, outages: true, ...(pace && { pace }) }),
      env,
      await startInstance({ ...env, ...armed }),
    )
  }

  /** Lets its clients begin. */
  open(): void {
    this.#clients = this.load.run(this.store.url, connections)
  }

  async again(): Promise<void> {
    await this.#clients
    this.#said += this.store.output()
    this.store = await startInstance(this.#env)
    this.open()
  }

  /** All that its processes have said. */
  get said(): string {
    return this.#said + this.store.output()
  }

  async rest(): Promise<void> {
    this.load.stop()
    await this.#clients
  }
}
