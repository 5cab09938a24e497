import { oldestOpenSaga } from '../home/home.ts'
import { type Database, DatabaseError } from '../ports/database.ts'
import { firstUuidAt } from '../system.ts'

const day = 86_400_000
/** How long what was said and handled is kept, for timeline, repair and late redelivery. */
export const retentionMs = 7 * day
/** Partitions are made this far ahead, so that a missed day of maintenance costs nothing. */
const aheadDays = 2
const keysPerPiece = 1_000

/**
 * Keeps the daily partitions of log and inbox: makes those of the coming days, and drops, in bulk, those that are past the
 * retention and that nobody needs: of the log, when every reader is past it; of the inbox, when it is older than the oldest
 * open saga. Each statement commits on its own and gives up soon when a lock is not to be had; the next round tries again.
 *
 * @param schemas the services of this database
 * @param now milliseconds since 1970
 */
export async function keepPartitions(db: Database, schemas: readonly string[], now: number): Promise<void> {
  const today = Math.floor(now / day) * day
  const open = await Promise.all(schemas.map((schema) => oldestOpenSaga(db, schema)))
  const oldest = [firstUuidAt(now - retentionMs), ...open.filter((id) => id !== null)].sort()[0] ?? firstUuidAt(0)
  for (const schema of schemas) {
    for (let ahead = 0; ahead <= aheadDays; ahead += 1) await create(db, schema, today + ahead * day)
    for (const partition of await partitions(db, schema, 'log')) {
      if (partition.to <= now - retentionMs && (await everyReaderIsPast(db, schemas, schema, partition)))
        await drop(db, schema, partition)
    }
    for (const partition of await partitions(db, schema, 'inbox')) {
      if (firstUuidAt(partition.to) <= oldest) await drop(db, schema, partition)
    }
    await forgetKeys(db, schema)
  }
}

const suffix = (time: number): string => new Date(time).toISOString().slice(0, 10).replaceAll('-', '')

async function create(db: Database, schema: string, from: number): Promise<void> {
  const [known] = await db.query<{ known: boolean }>(`select to_regclass($1) is not null as known`, [
    `${schema}.inbox_${suffix(from)}`,
  ])
  if (known?.known) return
  // Rows of that day may have come before their partition (the process was asleep): they stay where they are.
  const late = (error: unknown) => {
    if (!(error instanceof DatabaseError && error.code === '23514')) throw error
  }
  for (const parent of ['log', 'inbox'])
    await db
      .script(
        // One process at a time, and none that waits long with a queue of writers behind it.
        `begin;
         set local lock_timeout = '2s';
         select pg_advisory_xact_lock(hashtext('comptoir.partition'));
         select ${schema}.add_partition('${parent}', '${suffix(from)}');
         commit;`,
      )
      .catch(late)
}

interface Partition {
  readonly parent: 'log' | 'inbox'
  /** Its first moment and the one after its last, in milliseconds. */
  readonly from: number
  readonly to: number
}

async function partitions(db: Database, schema: string, parent: 'log' | 'inbox'): Promise<Partition[]> {
  const rows = await db.query<{ name: string }>(
    `select c.relname as name from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
     where i.inhparent = to_regclass($1) and c.relname ~ '_[0-9]{8}$' order by c.relname`,
    [`${schema}.${parent}`],
  )
  return rows.map(({ name }) => {
    const [year, month, date] = [name.slice(-8, -4), name.slice(-4, -2), name.slice(-2)]
    const from = Date.parse(`${year}-${month}-${date}T00:00:00Z`)
    return { parent, from, to: from + day }
  })
}

/** Whether no reader of this log still has a row of the partition before it. Mailboxes that nobody reads hold nothing back. */
async function everyReaderIsPast(
  db: Database,
  schemas: readonly string[],
  source: string,
  { from, to }: Partition,
): Promise<boolean> {
  for (const reader of schemas) {
    const [row] = await db.query<{ behind: boolean }>(
      `select exists (
         select from ${reader}.position as p
         where p.source = $1 and exists (
           select from ${source}.log as l
           where l.mailbox = split_part(p.consumer, '/', 1) and (l.epoch, l.txid, l.pos) > (p.epoch, p.txid, p.pos) and l.created >= to_timestamp($2::float8) and l.created < to_timestamp($3::float8)
         )
       ) as behind`,
      [source, from / 1000, to / 1000],
    )
    if (row?.behind) return false
  }
  return true
}

async function drop(db: Database, schema: string, { parent, from }: Partition): Promise<void> {
  await db
    .script(`begin; set local lock_timeout = '200ms'; select ${schema}.drop_partition('${parent}', '${suffix(from)}'); commit;`)
    .catch(() => {})
}

async function forgetKeys(db: Database, schema: string): Promise<void> {
  for (;;) {
    const gone = await db.query(
      `delete from ${schema}.idempotency_key where (scope, key) in (
         select scope, key from ${schema}.idempotency_key where created_at < comptoir.now() - make_interval(secs => $1::float8) order by created_at limit $2
       ) returning 1`,
      [retentionMs / 1000, keysPerPiece],
    )
    if (gone.length < keysPerPiece) return
  }
}
