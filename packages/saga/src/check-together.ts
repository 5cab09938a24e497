import { requested, type Saga } from './definition.ts'

/**
 * What is wrong between the sagas of one installation: two declarations of one name and version, or one message in two
 * sagas. Empty when they can run side by side.
 */
export function checkTogether(sagas: readonly Saga[]): string[] {
  const problems: string[] = []
  const owners = new Map<string, string>()
  for (const [index, saga] of sagas.entries()) {
    if (sagas.slice(0, index).some((other) => other !== saga && other.name === saga.name && other.version === saga.version)) {
      problems.push(`saga ${saga.name} version ${saga.version} is declared twice: raise the version of the newer declaration`)
    }
    for (const message of messagesOf(saga)) {
      const owner = owners.get(message)
      if (owner !== undefined && owner !== saga.name)
        problems.push(
          `message ${message} belongs to saga ${owner} and to saga ${saga.name}: rename one, readers of the feed could not tell them apart`,
        )
      owners.set(message, saga.name)
    }
  }
  return problems
}

/** The messages that belong to one saga alone. The end's is none of them: several sagas may say SagaCompleted. */
const messagesOf = (saga: Saga): string[] => [
  requested(saga),
  ...saga.steps.flatMap((step) =>
    [step.done, step.failed, step.undo?.done].flatMap((message) => (message ? [message.name] : [])),
  ),
]
