import { oldestOpenSaga } from '../home/home.ts'
import { type Database, DatabaseError } from '../ports/database.ts'
import { firstUuidAt } from '../system.ts'
import { feedMailbox } from '../unit-of-work.ts'

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

/**
 * Whether no reader of this log still has a row of the partition before it. A mailbox is read by its consumer or carried by its
 * relay, whichever the installation has now; the other stands where it stood. What nobody reads holds nothing back, nor does
 * the feed, of which nobody here knows whether it will be shown again.
 */
async function everyReaderIsPast(
  db: Database,
  schemas: readonly string[],
  source: string,
  { from, to }: Partition,
): Promise<boolean> {
  const positions = schemas.map((reader) => `select consumer, epoch, txid, pos from ${reader}.position where source = $1`)
  const [row] = await db.query<{ behind: boolean }>(
    `select exists (
       select from (
         select distinct on (mailbox) mailbox, epoch, txid, pos
         from (${positions.join(' union all ')}) as p, split_part(consumer, '/', 1) as mailbox
         where mailbox <> $2
         order by mailbox, epoch desc, txid desc, pos desc
       ) as p
       where exists (
         select from ${source}.log as l
         where l.mailbox = p.mailbox and (l.epoch, l.txid, l.pos) > (p.epoch, p.txid, p.pos)
           and l.created >= to_timestamp($3::float8) and l.created < to_timestamp($4::float8)
       )
     ) as behind`,
    [source, feedMailbox, from / 1000, to / 1000],
  )
  return row?.behind === false
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
