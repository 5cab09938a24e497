import type { Saga } from './definition.ts'
import { mermaidIds } from './mermaid-text.ts'
import { transitionsOf } from './transitions.ts'

/** The state machine as a Mermaid state diagram; failures and compensation are drawn as they are declared. */
export function stateDiagram(saga: Saga): string {
  const first = saga.steps[0]?.state ?? saga.end.state
  const transitions = transitionsOf(saga)
  const ids = mermaidIds([first, ...transitions.flatMap(({ from, to }) => [from, to]), saga.end.state])
  const id = (state: string) => ids.get(state) ?? state
  return [
    'stateDiagram-v2',
    ...[...ids].flatMap(([state, other]) => (state === other ? [] : [`  state "${state}" as ${other}`])),
    `  [*] --> ${id(first)}`,
    ...transitions.map(({ from, message, to }) => `  ${id(from)} --> ${id(to)} : ${message}`),
    `  ${id(saga.end.state)} --> [*] : ${saga.end.message.name}`,
    '',
  ].join('\n')
}
