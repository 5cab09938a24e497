import { type Saga, stepOf } from '../definition.ts'
import { type Change, decide, firstSending, type Sending, type StepRecord, sendingAfter } from '../protocol.ts'
import type { Schedule } from './arbitrary-run.ts'

/** Something that a delivery did. */
export interface Event {
  readonly step: string
  readonly change: Change
  readonly sending: Sending | undefined
  /** The inbox rows right after. */
  readonly records: ReadonlyMap<string, StepRecord>
}

export interface Run {
  readonly events: readonly Event[]
  readonly sent: readonly Sending[]
  readonly records: ReadonlyMap<string, StepRecord>
}

/** Runs a saga, choreographed: delivers its messages as the schedule says until each has come at least twice. */
export function run(saga: Saga, schedule: Schedule): Run {
  const records = new Map<string, StepRecord>()
  const events: Event[] = []
  const first = firstSending(saga)
  const waiting: Sending[] = [first]
  const arrived: Sending[] = []

  const change = (step: string, record: StepRecord | undefined, what: Change) => {
    if (record) records.set(step, record)
    const sending = sendingAfter(saga, stepOf(saga, step), what)
    if (sending) waiting.push(sending)
    events.push({ step, change: what, sending, records: new Map(records) })
  }
  const deliver = ({ target }: Sending) => {
    if (target.kind === 'end') return
    const step = stepOf(saga, target.step)
    const decision = decide(step.kind, target.phase, records.get(step.name))
    const answer = step.failed ? (schedule.outcomes[saga.steps.indexOf(step)] ?? 'done') : 'done'
    if (decision === 'run') change(step.name, { outcome: answer, undone: false }, answer === 'done' ? 'done' : 'failed')
    if (decision === 'refuse') change(step.name, { outcome: 'refused', undone: false }, 'failed')
    if (decision === 'undo') change(step.name, { outcome: 'done', undone: true }, 'undone')
    if (decision === 'forward') change(step.name, undefined, 'forward')
  }

  for (let turn = 0; waiting.length > 0; turn++) {
    if (turn === schedule.settleBefore && first.target.kind === 'step') {
      waiting.push({ type: `settle:${first.target.step}`, target: { ...first.target, phase: 'settle' } })
    }
    const choice = schedule.choices[turn] ?? 0
    const again = choice % 2 === 1 ? arrived[choice % arrived.length] : undefined
    if (again) deliver(again)
    else {
      const [next] = waiting.splice(choice % waiting.length, 1)
      if (!next) continue
      arrived.push(next)
      deliver(next)
    }
  }
  const sent = [...arrived]
  for (const sending of sent) deliver(sending)
  return { events, sent, records }
}
