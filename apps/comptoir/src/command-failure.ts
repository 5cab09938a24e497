/** A command cannot do what it was asked to, for a reason that the message tells the user, cure included. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
}

/** What is printed about an error that ends a command: where it was thrown matters only when nobody foresaw it. */
export function wordsFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Errors of the system (no such folder, not permitted) carry a code, and name the path themselves.
  const foreseen =
    error instanceof CommandFailure ||
    ['FolderInUse', 'SagaDefinitionError', 'StrandedSagasError'].includes(error.name) ||
    'code' in error
  return foreseen ? error.message : (error.stack ?? error.message)
}
