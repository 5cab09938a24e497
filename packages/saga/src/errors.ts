/** A declaration that cannot work. Each problem names the step and the cure. Thrown when the saga is declared. */
export class SagaDefinitionError extends Error {
  override readonly name = 'SagaDefinitionError'
  readonly saga: string
  readonly problems: readonly string[]
  constructor(saga: string, problems: readonly string[]) {
    super(`saga ${saga} cannot work:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
    this.saga = saga
    this.problems = problems
  }
}

/** A message that is too large to be sent. Thrown when the outbox row is written, never later. */
export class MessageTooLargeError extends Error {
  override readonly name = 'MessageTooLargeError'
}
