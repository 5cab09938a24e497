import { subscribe } from 'node:diagnostics_channel'
import type { UnexpectedError } from '@comptoir/http'
import { listen } from '@comptoir/runtime'

/** So many types get a sample, of so many characters. */
const [mostSamples, sampleLength] = [100, 500]

/**
 * Tells operators on standard error what they must know, one line of JSON each: what was answered with 500 (by the id that
 * the client got), what stands still and goes on again, sagas that this code does not know, messages that wait for a person, and
 * one message of each type that nobody here knows.
 */
export function logErrors(): void {
  subscribe('comptoir:http:error', (message) => {
    const { id, error, method, route } = message as UnexpectedError
    write('error', 'answered 500', { id, method, route, error: textOf(error) })
  })
  listen('comptoir:paused', ({ service, consumer, reason }) => {
    if (reason === null) write('info', 'goes on', { service, consumer })
    else write('warn', 'stands still', { service, consumer, reason })
  })
  listen('comptoir:unknown', (sagas) => write('warn', 'sagas go on at other code', sagas))
  const samples = new Set<string>()
  listen('comptoir:ignored', ({ service, type, key, source, data }) => {
    const known = samples.size
    // Whoever makes up types does not fill the log: the rest is counted.
    if (known < mostSamples && samples.add(`${service} ${type}`).size > known)
      write('warn', 'passed over a message of unknown type', {
        ...{ service, type, key, source, data: data.slice(0, sampleLength) },
        cure: 'it is the first of its type, the others are counted (comptoir_ignored_total): let its sender send it elsewhere, or deploy code that handles it before it is sent',
      })
  })
  listen('comptoir:held', ({ state, ...held }) => {
    if (state === 'dead') write('error', 'dead letter', held)
  })
}

/** Tells operators what is tried again already, and what they may have to do about it. */
export const warn = (event: string, more: object): void => {
  write('warn', event, more)
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

const write = (level: string, event: string, more: object): boolean =>
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...more })}\n`)
