import type { Service } from '../service.ts'

/** How far one reader of a log is behind. */
export interface Lag {
  /** The consumer, projection or relay, as its position names it. */
  readonly consumer: string
  /** The service whose log it reads. */
  readonly source: string
  /** Age in seconds of the oldest message that it has not handled; 0 when there is none. */
  readonly age: number
  /** Messages it has not handled, by position: an upper bound, positions of other mailboxes lie between. */
  readonly behind: number
}

/** How far everybody who reads a log is behind, whichever instance does it: by the positions that `reader` keeps. */
export const readLag = (reader: Service, source: string): Promise<Lag[]> =>
  reader.query<Lag>(
    `select p.consumer, p.source,
       coalesce(extract(epoch from comptoir.now() - first.created), 0)::float8 as age, coalesce(last.pos - first.pos + 1, 0)::float8 as behind
     from (select *, split_part(consumer, '/', 1) as mailbox from ${reader.name}.position where source = $1) as p
     left join lateral (
       select created, pos from ${source}.log as l where l.mailbox = p.mailbox and (l.epoch, l.txid, l.pos) > (p.epoch, p.txid, p.pos)
       order by epoch, txid, pos limit 1
     ) as first on true
     -- The newest of all, whether read or not: bounded from below, a backward scan would walk to that bound.
     left join lateral (
       select pos from ${source}.log as l where l.mailbox = p.mailbox order by epoch desc, txid desc, pos desc limit 1
     ) as last on first.pos is not null`,
    [source],
  )
