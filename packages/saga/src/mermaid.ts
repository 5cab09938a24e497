import type { Saga } from './definition.ts'
import { transitionsOf } from './transitions.ts'

/** The state machine as a Mermaid state diagram; failures and compensation are drawn as they are declared. */
export function stateDiagram(saga: Saga): string {
  const first = saga.steps[0]
  return [
    'stateDiagram-v2',
    `  [*] --> ${first?.state ?? saga.end.state}`,
    ...transitionsOf(saga).map(({ from, message, to }) => `  ${from} --> ${to} : ${message}`),
    `  ${saga.end.state} --> [*] : ${saga.end.message.name}`,
    '',
  ].join('\n')
}
