import { feedMailbox, type Lag, mailboxesOf } from '@comptoir/runtime'
import { CommandFailure } from './command-failure.ts'

/** Seconds: so old the oldest waiting message may be. */
const longestSeconds = 300
const mostRows = 1_000_000

/** Messages of one mailbox that may wait in a log, by position, before no order is taken. */
export function backlogBound(): number {
  const text = process.env.BACKLOG_ROWS ?? String(mostRows)
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new CommandFailure('BACKLOG_ROWS is a number of messages, from 1 to 999999999: correct it.')
  return Number(text)
}

/** What carries messages between the services of an installation, besides its logs. */
export interface Carried {
  readonly broker: boolean
  /** Whether the broker shows the messages of sagas to others. */
  readonly feed: boolean
}

/** Those who carry messages from service to service: the relays where a broker does it, else the consumers. */
const carriersOf = (services: readonly string[], broker: boolean): string[] =>
  mailboxesOf(services).map((mailbox) => (broker ? `${mailbox}/relay` : mailbox))

/** Of all positions in logs, those of who reads them. Others stay where they were when the installation changed. */
export function readersAmong(lags: readonly Lag[], services: readonly string[], { broker, feed }: Carried): readonly Lag[] {
  const gone = [...carriersOf(services, !broker), ...(feed ? [] : [`${feedMailbox}/relay`])]
  return lags.filter(({ consumer }) => !gone.includes(consumer))
}

/**
 * Of all who read logs, those who carry messages from service to service. Projections may be behind: what they have not shown
 * yet is read from the write side.
 */
export function carriersAmong(lags: readonly Lag[], services: readonly string[], broker: boolean): readonly Lag[] {
  const carriers = carriersOf(services, broker)
  return lags.filter(({ consumer }) => carriers.includes(consumer))
}

/**
 * Why no order is taken just now, and what to do; undefined when they are. Over these bounds what was accepted gets done first.
 *
 * @param bound the largest number of waiting messages
 */
export function overload(backlog: readonly Lag[], bound: number): string | undefined {
  const most = Math.max(0, ...backlog.map(({ behind }) => behind))
  const oldest = Math.max(0, ...backlog.map(({ age }) => age))
  if (most <= bound && oldest <= longestSeconds) return undefined
  const what = most > bound ? `${most} messages wait to be handled` : `A message waits for ${Math.floor(oldest)} s to be handled`
  return `${what}, so no order is taken just now and nothing was written. Orders that were accepted go on: send this one again in a few seconds.`
}
