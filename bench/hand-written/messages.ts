import type { LoadOrder } from '../saga-system.ts'
import type { Run, Session } from './session.ts'

/** A service's schema, and the one mailbox that it consumes. */
export type Mailbox = 's' | 'p'

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

/** A message on its way: its body is the JSON text. */
export interface Posted extends Omit<Message, 'body'> {
  readonly body: string
}

export const opened = ({ saga, name, body }: Posted): Message => ({ saga, name, body: JSON.parse(body) as Body })

export interface Outgoing extends Omit<Message, 'body'> {
  /** The end goes to nobody. */
  readonly mailbox: Mailbox | 'end'
  /** The end carries the order's id only. */
  readonly body: Body | Pick<Body, 'order_id'>
}

/** A place in an outbox. */
export interface Spot {
  readonly txid: string
  readonly pos: string
}

export const start: Spot = { txid: '0', pos: '0' }

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

/** What an outbox holds for a mailbox after a spot, below the horizon. */
export async function readOutbox(
  database: Session,
  source: Mailbox,
  mailbox: Mailbox,
  after: Spot,
  limit: number,
): Promise<{ posted: Posted[]; last: Spot }> {
  const rows = await database.read(
    `select txid, pos, saga, name, body from ${source}.outbox
     where mailbox = $1 and (txid, pos) > ($2::xid8, $3::bigint) and txid < pg_snapshot_xmin(pg_current_snapshot())
     order by txid, pos limit ${limit}`,
    [mailbox, after.txid, after.pos],
  )
  const last = rows.at(-1)
  return {
    posted: rows.map(({ saga, name, body }) => ({ saga: String(saga), name: String(name), body: String(body) })),
    last: last ? { txid: String(last.txid), pos: String(last.pos) } : after,
  }
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
