import { answerType, type Command, commandType } from './command.ts'
import { requested, type Saga, type StepDefinition, stepOf } from './definition.ts'
import { durationText } from './duration.ts'
import { mermaidIds, mermaidText } from './mermaid-text.ts'
import { type Change, firstSending, type Sending, sendingAfter } from './protocol.ts'
import { literalsOf, schemaText } from './schema-text.ts'

/** How a saga is driven: by its participants, or by an orchestrator that sends commands or calls over HTTP. */
export const sequenceStyles = ['choreographed', 'messages', 'http'] as const
export type SequenceStyle = (typeof sequenceStyles)[number]

const orchestrator = 'orchestrator'

/**
 * Who says what to whom, as a Mermaid sequence diagram; every failure is a branch, with its compensation in it. What a service
 * does in one transaction is no message: a first step at home, run by the request that begins the saga, and an end at home.
 */
export function sequenceDiagram(saga: Saga, style: SequenceStyle): string {
  const places = new Set([saga.home, ...(style === 'choreographed' ? [] : [orchestrator]), ...saga.steps.map(({ at }) => at)])
  const ids = mermaidIds(places)
  const pen: Pen = {
    say: (from, to, text, arrow = '->>') => `${ids.get(from)}${arrow}${ids.get(to)}: ${mermaidText(text)}`,
    note: (at, text) => `Note over ${ids.get(at)}: ${mermaidText(text)}`,
  }
  const begin = firstSending(saga)
  const lines =
    style === 'choreographed'
      ? choreographed(saga, pen, saga.home, begin)
      : [pen.note(orchestrator, `${saga.name} begins`), ...orchestrated(saga, pen, wires[style], begin)]
  return [
    'sequenceDiagram',
    ...[...ids].map(([place, id]) => (place === id ? `participant ${id}` : `participant ${id} as ${place}`)).map(indent),
    ...lines.map(indent),
    '',
  ].join('\n')
}

interface Pen {
  say(from: string, to: string, text: string, arrow?: '->>' | '-->>'): string
  note(at: string, text: string): string
}

const indent = (line: string) => `  ${line}`

/** What follows from a message in the choreography: each participant sends to its neighbour, forward or back. */
function choreographed(saga: Saga, pen: Pen, from: string, { type, target }: Sending): string[] {
  const isInside = from === saga.home && from === target.at && (target.kind === 'end' || type === requested(saga))
  const arrow = isInside ? [] : [pen.say(from, target.at, type)]
  if (target.kind === 'end') return [...arrow, pen.note(saga.home, endText(saga, target.outcome))]
  const step = stepOf(saga, target.step)
  const after = (change: Change) => followed(saga, step, change, (sending) => choreographed(saga, pen, step.at, sending))
  if (target.phase === 'undo') return [...arrow, pen.note(step.at, undoText(step)), ...after('undone')]
  return [...arrow, pen.note(step.at, doText(step)), ...branches(step, after('done'), () => after('failed'))]
}

/** How a driver and a participant talk: the text of a command, and of its answer. */
interface Wire {
  command(command: Command): string
  answer(command: Command, outcome: string, data: string): string
}
const wires: Readonly<Record<Exclude<SequenceStyle, 'choreographed'>, Wire>> = {
  messages: {
    command: commandType,
    answer: (command, outcome) => `${answerType(command)} (${outcome})`,
  },
  http: {
    command: ({ step, phase }) => `POST steps/${step}/${phase}`,
    answer: (_command, outcome, data) => `200 ${outcome} ${data}`.trimEnd(),
  },
}

/** What follows when a driver stands where that message would go: it commands the step, and the answer says what is next. */
function orchestrated(saga: Saga, pen: Pen, wire: Wire, { target }: Sending): string[] {
  if (target.kind === 'end')
    return [
      pen.say(orchestrator, saga.home, `${saga.end.message.name} (${target.outcome})`),
      pen.note(saga.home, endText(saga, target.outcome)),
    ]
  const step = stepOf(saga, target.step)
  const command = { step: step.name, phase: target.phase }
  const asked = (text: string) => [pen.say(orchestrator, step.at, wire.command(command)), pen.note(step.at, text)]
  const answered = (change: Change, data = '') => [
    pen.say(step.at, orchestrator, wire.answer(command, change, data), '-->>'),
    ...followed(saga, step, change, (sending) => orchestrated(saga, pen, wire, sending)),
  ]
  if (target.phase === 'undo') return [...asked(undoText(step)), ...answered('undone')]
  return [
    ...asked(doText(step)),
    ...branches(step, answered('done', schemaText(step.done.schema)), () => answered('failed', reasonsText(step))),
  ]
}

function followed(saga: Saga, step: StepDefinition, change: Change, follow: (sending: Sending) => string[]): string[] {
  const sending = sendingAfter(saga, step, change)
  return sending ? follow(sending) : []
}

/** Both outcomes of a step; a step that cannot fail has one. */
function branches(step: StepDefinition, done: readonly string[], failed: () => readonly string[]): string[] {
  if (!step.failed) return [...done]
  return [
    `alt ${step.name} is done`,
    ...done.map(indent),
    `else ${step.name} fails: ${mermaidText(reasonsText(step))}`,
    ...failed().map(indent),
    'end',
  ]
}

const reasonsText = ({ failed }: StepDefinition) => (failed ? literalsOf(failed.schema).join(' | ') : '')
const doText = ({ name, state, timeout }: StepDefinition) =>
  `${name} (${state})${timeout === undefined ? '' : `, made definite after ${durationText(timeout)}`}`
const undoText = ({ undo }: StepDefinition) => `${undo?.name} (${undo?.state})`
const endText = (saga: Saga, outcome: string) => `${saga.end.state}, ${outcome}: ${saga.end.message.name}`
