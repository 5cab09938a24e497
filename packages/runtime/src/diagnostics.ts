import diagnostics, { type Channel } from 'node:diagnostics_channel'

/**
 * What the runtime tells the world: it never logs. Subscribe with `node:diagnostics_channel`; without subscribers nothing
 * is even built.
 */
export interface Diagnostics {
  /** A batch was committed. `milliseconds`: from its read to its commit; `oldest`: age of its oldest message at the commit. */
  'comptoir:batch': { service: string; consumer: string; messages: number; milliseconds: number; oldest: number }
  /** Messages of one step were handled in a batch. `seconds`: from the message's writing to the commit, one per message. */
  'comptoir:step': {
    service: string
    saga: string
    step: string
    phase: string
    outcomes: Readonly<Record<string, number>>
    seconds: readonly number[]
  }
  /** Sagas began or ended at home. */
  'comptoir:saga': { service: string; saga: string; event: 'began' | 'completed' | 'cancelled'; count: number }
  /** A message of unknown type was passed over. `data`: JSON text. */
  'comptoir:ignored': { service: string; type: string; key: string; source: string; data: string }
  /** A message is held (it will be tried again), or dead (a person is needed). */
  'comptoir:held': {
    service: string
    state: 'retry' | 'dead' | 'unknown'
    type: string
    key: string
    attempts: number
    error: string
  }
  /** Found at a start: sagas of a declaration that this code does not know, and other code does; their messages are held here. */
  'comptoir:unknown': { service: string; declaration: string; sagas: number }
  /** A consumer stands still and why, or goes on. */
  'comptoir:paused': { service: string; consumer: string; reason: string | null }
}

/** Publishes if anybody listens; `message` is only called then. */
export function tell<Name extends keyof Diagnostics>(name: Name, message: () => Diagnostics[Name]): void {
  const channel = channels.get(name) ?? open(name)
  if (channel.hasSubscribers) channel.publish(message())
}

const channels = new Map<string, Channel>()
function open(name: string): Channel {
  const channel = diagnostics.channel(name)
  channels.set(name, channel)
  return channel
}

/** Calls `listener` for each message of that name; returns the end of the subscription. */
export function listen<Name extends keyof Diagnostics>(name: Name, listener: (message: Diagnostics[Name]) => void): () => void {
  const subscriber = (message: unknown) => listener(message as Diagnostics[Name])
  diagnostics.subscribe(name, subscriber)
  return () => diagnostics.unsubscribe(name, subscriber)
}
