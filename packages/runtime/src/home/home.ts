import { grouped } from '../grouped.ts'
import { appendToLog } from '../log/log.ts'
import type { Ending } from '../participant.ts'
import type { Transaction } from '../ports/database.ts'
import { type PauseData, resumedType } from './pause-messages.ts'

/** A saga as its home first knows it. */
export interface OpenedSaga {
  readonly id: string
  readonly definition: string
  readonly style: string
  readonly subject: string | null
  /** Milliseconds after which its outcome is made definite; null: never. */
  readonly deadline: number | null
}

/** Writes the rows of sagas that begin here: a statement for those of one declaration, style and deadline. */
export async function insertSagas(tx: Transaction, schema: string, sagas: readonly OpenedSaga[]): Promise<void> {
  const kinds = grouped(sagas, ({ definition, style, deadline }) => `${definition} ${style} ${deadline}`)
  await Promise.all(
    [...kinds.values()].map((of) =>
      tx.query(
        `with opened as (
           insert into ${schema}.saga_open (id, due)
           select id, comptoir.now() + make_interval(secs => $3::float8 / 1000) from unnest($1::uuid[]) as o(id)
         )
         insert into ${schema}.saga (id, definition, style, subject) select id, $4, $5, subject from unnest($1::uuid[], $2::text[]) as o(id, subject)`,
        [
          of.map(({ id }) => id),
          of.map(({ subject }) => subject),
          of[0]?.deadline ?? null,
          of[0]?.definition ?? '',
          of[0]?.style ?? '',
        ],
      ),
    ),
  )
}

/*
 * Two instances may be told the same ends, and of a person who is needed meanwhile: every writer locks in one order. Ways
 * to end by their names; of one, all rows of saga_open before any of saga. PostgreSQL runs the parts of a statement side by
 * side, so where both are in one, the second asks for the first.
 */

/**
 * Ends sagas, each once, and answers the subjects of those that had not ended before. One statement for each way to end
 * (there are few), by key: a join could be planned as a scan of all that is open.
 */
export async function endSagas(
  tx: Transaction,
  schema: string,
  endings: readonly Ending[],
): Promise<ReadonlyMap<string, string | null>> {
  const ways = grouped(endings, ({ outcome, cause }) => JSON.stringify([outcome, cause]))
  const ended = await Promise.all(
    [...ways].sort(byName).map(([, [first, ...others]]) =>
      tx.query<EndedSaga>(
        `with closed as (delete from ${schema}.saga_open where id = any($1::uuid[]) returning id, paused, told)
         update ${schema}.saga set outcome = $2, cause_step = $3, reason = $4, ended_at = comptoir.now(), version = version + 1
         where id = any($1::uuid[]) and ended_at is null and (select count(*) from closed) >= 0
         returning id, subject, definition,
           (select json_object_agg(id, json_build_object('act', paused, 'told', told))::text from closed where paused is not null) as pauses`,
        [
          [first, ...others].flatMap((ending) => ending?.saga ?? []),
          first?.outcome ?? null,
          first?.cause?.step ?? null,
          first?.cause?.reason ?? null,
        ],
      ),
    ),
  )
  await endPauses(tx, schema, ended.flat())
  return new Map(ended.flat().map((row) => [row.id, row.subject]))
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

interface EndedSaga {
  readonly id: string
  readonly subject: string | null
  readonly definition: string
  /** Of all that ended in the statement: JSON, by id; null when none was paused. */
  readonly pauses: string | null
}

/** A saga that turned back while it was paused has nothing to wait for: the services that hold its messages are told. */
async function endPauses(tx: Transaction, schema: string, ended: readonly EndedSaga[]): Promise<void> {
  const entries = ended.flatMap(({ id, definition, pauses }) => {
    const pause = pauses === null ? undefined : (JSON.parse(pauses) as Record<string, { act: number; told: string[] }>)[id]
    if (!pause) return []
    return pause.told.map((mailbox) => ({
      mailbox,
      key: id,
      type: resumedType,
      id: null,
      definition,
      body: JSON.stringify({ act: pause.act } satisfies Partial<PauseData>),
    }))
  })
  if (entries.length > 0) await appendToLog(tx, schema, entries)
}

/**
 * Notes that a person is needed for a saga (or, with null, no longer); answers the subject when that changed it. A
 * saga that has ended needs nobody any more, but that it was cleared by its last step may be told after its end.
 */
export async function noteAttention(
  tx: Transaction,
  schema: string,
  saga: string,
  attention: string | null,
): Promise<{ subject: string | null } | undefined> {
  const rows = await tx.query<{ subject: string | null }>(
    `with open as (update ${schema}.saga_open set attention = $2::text is not null where id = $1 returning 1)
     update ${schema}.saga set attention = $2, version = version + 1
     where id = $1 and (ended_at is null or $2::text is null) and attention is distinct from $2 and (select count(*) from open) >= 0
     returning subject`,
    [saga, attention],
  )
  return rows[0]
}

/** The oldest saga that has not ended: nothing that it may still need is dropped. Null when all have ended. */
export async function oldestOpenSaga(db: { query: Transaction['query'] }, schema: string): Promise<string | null> {
  const rows = await db.query<{ id: string }>(`select id from ${schema}.saga_open order by id limit 1`)
  return rows[0]?.id ?? null
}
