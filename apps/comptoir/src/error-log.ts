import { subscribe } from 'node:diagnostics_channel'
import type { UnexpectedError } from '@comptoir/http'
import { listen } from '@comptoir/runtime'

/**
 * Tells operators on standard error what they must know, one line of JSON each: what was answered with 500 (by the id that
 * the client got), what stands still and goes on again, sagas that this code does not know, and messages that wait for a
 * person.
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
