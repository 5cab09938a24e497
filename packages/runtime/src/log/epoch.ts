import type { Database } from '../ports/database.ts'

/**
 * The log's epoch. Transaction ids order the log, and they start again or go back when the database is restored, moved to
 * another server or rewound. Whenever that may have happened the epoch is raised before serving: everything the log still
 * holds is of an earlier epoch, is read again, and goes through the inbox; nothing is hidden by an id that came back.
 *
 * @param schemas the services of this database
 * @returns the epoch that writers of this start put on their rows
 */
export async function raiseEpoch(db: Database, schemas: readonly string[]): Promise<number> {
  return db.transaction(async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(hashtext('comptoir.epoch'))`)
    const [server] = await tx.query<{ id: string; timeline: number }>(whereWeAre)
    if (!server) throw new Error('the server does not say who it is')
    const [known] = await tx.query<{ epoch: number; system_identifier: string; timeline: number }>(
      `select epoch, system_identifier, timeline from comptoir.epoch`,
    )
    if (!known) {
      await tx.query(`insert into comptoir.epoch (epoch, system_identifier, timeline) values (1, $1, $2)`, [
        server.id,
        server.timeline,
      ])
      return 1
    }
    const moved = known.system_identifier !== server.id || known.timeline !== server.timeline
    const ahead = moved || (await Promise.all(schemas.map((schema) => isAhead(tx, schema, known.epoch)))).some(Boolean)
    if (!moved && !ahead) return known.epoch
    // Whoever writes takes the epoch from its row: all that are under way end first, and the next ones find the new one.
    await tx.query(`lock table ${schemas.map((schema) => `${schema}.log`).join(', ')} in exclusive mode`)
    await tx.query(`update comptoir.epoch set epoch = epoch + 1, system_identifier = $1, timeline = $2`, [
      server.id,
      server.timeline,
    ])
    // The horizon of the old server means nothing here: each consumer begins the new epoch at its beginning, and reads
    // what the log still holds of the old ones again. Whoever still reads by the old one is fenced.
    for (const schema of schemas)
      await tx.query(`update ${schema}.position set epoch = 0, txid = '0', pos = 0, lease = lease + 1`)
    return known.epoch + 1
  })
}

/**
 * Which database of which server this is, and on which timeline. The timeline is that of the log that is being written: the
 * one of the last checkpoint is the old one until a promoted server has made its first, which may take minutes.
 */
const whereWeAre = `
  select (select system_identifier from pg_control_system()) || '/' || (select oid from pg_database where datname = current_database()) as id,
    ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int as timeline`

/**
 * Whether a row or a cursor of the current epoch names a transaction that this server has not reached. The newest row of
 * each mailbox is found by the index, one look each: a start must not read the whole log.
 */
async function isAhead(tx: { query: Database['query'] }, schema: string, epoch: number): Promise<boolean> {
  const [row] = await tx.query<{ ahead: boolean }>(
    `with recursive m as (
       (select mailbox from ${schema}.log order by mailbox limit 1)
       union all
       select (select l.mailbox from ${schema}.log as l where l.mailbox > m.mailbox order by l.mailbox limit 1) from m where m.mailbox is not null
     )
     select exists (select from ${schema}.position where epoch = $1 and txid >= pg_snapshot_xmax(pg_current_snapshot()))
       or exists (
         select from m where (
           select txid from ${schema}.log as l where l.mailbox = m.mailbox and l.epoch = $1 order by l.txid desc limit 1
         ) >= pg_snapshot_xmax(pg_current_snapshot())
       ) as ahead`,
    [epoch],
  )
  return row?.ahead ?? false
}
