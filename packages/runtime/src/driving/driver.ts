import type { Cause, Saga } from '@comptoir/saga'
import { DueWork } from '../due-work.ts'
import { GroupCommit } from '../group-commit.ts'
import { noteAct, type OperatorAct } from '../home/operator-acts.ts'
import { claimKeys, type KeyClaim, OpenKeys } from '../idempotency.ts'
import type { Service } from '../service.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { type WishFate, wishAll } from './cancel-wishes.ts'
import { beginDrives, type Drive, type DrivingStyle, fireOverdue } from './driving.ts'
import { callsSignal } from './driving-acts.ts'

/** What became of a request to begin a driven saga. `replayed`: its idempotency key was used before, for this saga. */
export type Beginning =
  | { readonly kind: 'begun'; readonly saga: string; readonly drive: Drive }
  | { readonly kind: 'replayed'; readonly saga: string }
  /** The key was used before with another request. */
  | { readonly kind: 'mismatch' }
  /** The key's first request has not been answered yet. */
  | { readonly kind: 'open' }

interface Request {
  readonly id: string
  readonly saga: Saga
  readonly style: DrivingStyle
  readonly input: unknown
  readonly key: KeyClaim | undefined
}

/** Begins sagas that a service drives, in a group commit, and fires the time-outs of those that are driven over messages. */
export class Driver {
  readonly #service: Service
  readonly #group: GroupCommit<Request, Beginning>
  readonly #openKeys = new OpenKeys()
  readonly #timeouts: DueWork

  constructor(service: Service) {
    this.#service = service
    this.#group = new GroupCommit((requests) => this.#commit(requests))
    this.#timeouts = new DueWork(service, 'timeouts', (unit, limit) => fireOverdue(unit, service.name, service.drives, limit))
  }

  /** Why time-outs are not fired just now; null when all is well. */
  get trouble(): string | null {
    return this.#timeouts.trouble
  }

  start(): void {
    this.#timeouts.start()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#timeouts.stop(), this.#group.idle()])
  }

  /**
   * Begins a saga; resolves when it is committed, with its first command.
   *
   * @throws TypeError when this service does not drive such sagas; what the database throws
   */
  async begin<Input>(saga: Saga<string, Input>, style: DrivingStyle, input: Input, key?: KeyClaim): Promise<Beginning> {
    if (!this.#service.drives.has(saga.id))
      throw new TypeError(`${this.#service.name} does not drive ${saga.name}: add it to its drives`)
    const id = this.#service.ports.ids.uuid()
    return (await this.#openKeys.once(key, () => this.#group.add({ id, saga, style, input, key }))) ?? { kind: 'open' }
  }

  #commit(requests: readonly Request[]): Promise<Beginning[]> {
    return this.#service.withoutConflict(() =>
      this.#service.commit((unit) => this.#begin(unit, requests), 'entry.beforeCommit', 'entry.afterCommit'),
    )
  }

  async #begin(unit: UnitOfWork, requests: readonly Request[]): Promise<Beginning[]> {
    const { name } = this.#service
    const keys = requests.flatMap(({ key, id }) => (key ? [{ ...key, answer: id }] : []))
    const used = keys.length > 0 ? await claimKeys(unit, name, keys) : new Map()
    const usedBy = ({ key }: Request) => key && used.get(`${key.scope} ${key.key}`)
    const drives = new Map<string, Drive>()
    for (const [saga, style] of kindsOf(requests)) {
      const fresh = requests.filter((request) => request.saga === saga && request.style === style && !usedBy(request))
      if (fresh.length > 0) for (const drive of beginDrives(unit, name, saga, style, fresh)) drives.set(drive.id, drive)
    }
    return requests.map((request) => {
      const drive = drives.get(request.id)
      if (drive) return { kind: 'begun', saga: request.id, drive }
      const stored = usedBy(request)
      return stored?.fingerprint === request.key?.fingerprint ? { kind: 'replayed', saga: stored.answer } : { kind: 'mismatch' }
    })
  }
}

const kindsOf = (requests: readonly Request[]): (readonly [Saga, DrivingStyle])[] => {
  const kinds = new Map(requests.map(({ saga, style }) => [`${saga.id} ${style}`, [saga, style] as const]))
  return [...kinds.values()]
}

/**
 * Asks for the end of a saga that a service drives, as long as its pivot is not done: its awaited step is settled, and decides.
 * accepted is not yet cancelled: the pivot may win, so wait for the end.
 *
 * @param act whose wish it is, when an operator's
 * @throws what the database throws
 */
export async function cancelDriven(service: Service, id: string, cause: Cause, act?: OperatorAct): Promise<WishFate> {
  const { name, drives: driven } = service
  const work = async (unit: UnitOfWork) => {
    const fate = (await wishAll(unit, name, driven, new Map([[id, cause]]))).get(id) ?? 'unknown'
    if (act && (fate === 'accepted' || fate === 'joined')) await noteAct(unit, name, act)
    return fate
  }
  const fate = await service.withoutConflict(() => service.commit(work, 'work.beforeCommit', 'work.afterCommit'))
  service.ports.signals.send([callsSignal(name)])
  return fate
}
