import { spawnSync } from 'node:child_process'
import { expect } from 'vitest'
import { kafkaBrokers } from '../kit/servers/addresses.ts'

/** Of what a topic may hold after a test. In bytes. */
const mostRead = 2 ** 30

/** Runs kcat on a Kafka, by default that of the run; answers what it says. */
export function kcat(args: readonly string[], input: string | Buffer = '', brokers = kafkaBrokers()): string {
  const options = { input, maxBuffer: mostRead }
  const { status, stdout, stderr } = spawnSync('kcat', ['-q', '-m', '10', '-b', brokers, ...args], options)
  expect(status, stderr.toString()).toBe(0)
  return stdout.toString()
}

/** Puts a record on a topic by hand: headers as `name=value`. */
export function put(topic: string, key: string, value: string | Buffer, headers: readonly string[] = []): void {
  kcat(['-P', '-t', topic, '-k', key, ...headers.flatMap((header) => ['-H', header])], value)
}
