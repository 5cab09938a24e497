import { BrokerError } from '@comptoir/runtime'
import { findErrorBy } from './client.ts'

/** What went wrong, in one line: the last reason of those that the client has packed into each other. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors.at(-1))
  return error instanceof Error ? error.message : String(error)
}

/** The client's error as the port's. Only what the client itself calls hopeless is not worth another try. */
export function brokerError(action: string, error: unknown): BrokerError {
  const hopeless = error instanceof Error && findErrorBy(error, 'canRetry', false) !== null
  return new BrokerError(`${action}: ${reasonOf(error)}`, !hopeless, { cause: error })
}
