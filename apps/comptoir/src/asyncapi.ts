import { asyncApi } from '@comptoir/saga'
import { messages } from './installation.ts'

/** Prints all messages of this installation as an AsyncAPI document. */
export function printAsyncApi(): void {
  process.stdout.write(`${JSON.stringify(asyncApi(messages), null, 2)}\n`)
}
