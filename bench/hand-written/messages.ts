import type { LoadOrder } from '../saga-system.ts'
import type { Run } from './session.ts'

export type Mailbox = 's' | 'p' | 'end'

/** What each message carries on: the order, and what the steps before have found. */
export interface Body {
  readonly order_id: number
  readonly user_id: number
  readonly total: number
  readonly items: LoadOrder['items']
  readonly payment_id?: number
  readonly payment_link?: string
}

export interface Message {
  readonly saga: string
  readonly name: string
  readonly body: Body
}

export interface Outgoing extends Omit<Message, 'body'> {
  readonly mailbox: Mailbox
  /** The end carries the order's id only. */
  readonly body: Body | Pick<Body, 'order_id'>
}

export async function writeOutbox(run: Run, schema: string, messages: readonly Outgoing[]): Promise<void> {
  await run(
    `insert into ${schema}.outbox (mailbox, saga, name, body) select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[])`,
    [
      messages.map(({ mailbox }) => mailbox),
      messages.map(({ saga }) => saga),
      messages.map(({ name }) => name),
      messages.map(({ body }) => JSON.stringify(body)),
    ],
  )
}

/** Claims inbox rows; answers the sagas that are fresh. */
export async function writeInbox(run: Run, schema: string, sagas: readonly string[], step: string): Promise<ReadonlySet<string>> {
  const rows = await run(
    `insert into ${schema}.inbox (saga, step, phase, outcome) select saga, $2, 'do', 'done' from unnest($1::uuid[]) as saga
     on conflict do nothing returning saga`,
    [sagas, step],
  )
  return new Set(rows.map(({ saga }) => String(saga)))
}
