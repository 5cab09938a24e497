import { type Answer, type Command, commandType } from '@comptoir/saga'
import { handleBatch } from '../consuming/batch.ts'
import type { StepItem } from '../consuming/routing.ts'
import { GroupCommit } from '../group-commit.ts'
import type { Service } from '../service.ts'
import { driverMailbox } from '../unit-of-work.ts'

/** A command that a driver calls. */
export interface StepCall {
  /** The saga, and the id of its declaration. */
  readonly saga: string
  readonly definition: string
  readonly command: Command
  /** What the command tells: all that is known, or why the saga turns back. */
  readonly body: unknown
}

/** No code here knows the declaration, or it has no such step here. */
export class UnknownStepError extends Error {
  override readonly name = 'UnknownStepError'
}

/**
 * A participant's steps as calls: what a command does and answers is the same as over messages, by the same inbox row, so that
 * a call may be made any number of times. Calls that come together are one transaction.
 */
export class StepCalls {
  readonly #service: Service
  readonly #group: GroupCommit<StepCall, Answer>

  constructor(service: Service) {
    this.#service = service
    this.#group = new GroupCommit((calls) => this.#commit(calls))
  }

  /**
   * Handles a command; resolves with its answer when that is committed.
   *
   * @throws UnknownStepError; what the handler or the database throws: then nothing has happened, and it may be called again
   */
  async call(call: StepCall): Promise<Answer> {
    this.#item(call, () => {})
    return this.#group.add(call)
  }

  /** Waits until nothing is in hand. */
  idle(): Promise<void> {
    return this.#group.idle()
  }

  async #commit(calls: readonly StepCall[]): Promise<Answer[]> {
    const answers = new Map<StepCall, Answer>()
    for (const round of rounds(calls)) {
      await this.#service.withoutConflict(() =>
        this.#service.commit(
          async (unit) => {
            const items = round.map((call) => this.#item(call, (answer) => answers.set(call, answer)))
            await handleBatch(unit, this.#service, items)
          },
          'work.beforeCommit',
          'work.afterCommit',
        ),
      )
    }
    return calls.flatMap((call) => answers.get(call) ?? [])
  }

  #item({ saga, definition, command, body }: StepCall, called: (answer: Answer) => void): StepItem {
    const item = this.#service.routing.item({
      source: driverMailbox,
      epoch: 0,
      txid: '0',
      pos: 0,
      key: saga,
      type: commandType(command),
      id: null,
      definition,
      body: JSON.stringify(body),
      created: this.#service.ports.clock.now(),
    })
    if (item.kind === 'step' && item.asked) return { ...item, asked: { command, called } }
    throw new UnknownStepError(
      `${this.#service.name} has no ${command.phase} of step ${command.step} in declaration ${definition}: let the code here and the driver's be of one release`,
    )
  }
}

/** Each saga once in a transaction: the calls for one saga in their order. */
function rounds(calls: readonly StepCall[]): StepCall[][] {
  const turns = new Map<string, number>()
  const rounds: StepCall[][] = []
  for (const call of calls) {
    const turn = turns.get(call.saga) ?? 0
    turns.set(call.saga, turn + 1)
    const round = rounds[turn] ?? []
    rounds[turn] = round
    round.push(call)
  }
  return rounds
}
