import type { Saga } from '@comptoir/saga'
import { DueWork } from '../due-work.ts'
import type { Service } from '../service.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { noteAct, type OperatorAct } from './operator-acts.ts'

/** A saga that is past its deadline is settled again after so long, in case what was sent was lost. In milliseconds. */
const againMs = 600_000

/**
 * Makes the outcomes of sagas definite that are past their deadline, at most so many, as one set: each participant that has
 * run its step passes the wish on to the next, and the first that has not refuses. Answers how many there were.
 */
async function settleOverdue(unit: UnitOfWork, schema: string, sagas: ReadonlyMap<string, Saga>, limit: number): Promise<number> {
  const rows = await unit.query<{ id: string; definition: string }>(
    `select o.id, s.definition from ${schema}.saga_open as o join ${schema}.saga as s on s.id = o.id
     where o.due <= comptoir.now() order by o.due limit $1::int for update of o skip locked`,
    [limit],
  )
  if (rows.length === 0) return 0
  // Of a declaration that this code does not know: code that does sends it, later.
  unit.write(
    `update ${schema}.saga_open set due = comptoir.now() + make_interval(secs => $2::float8 / 1000) where id = any($1::uuid[])`,
    [rows.map((row) => row.id), againMs],
  )
  for (const { id, definition } of rows) {
    const saga = sagas.get(definition)
    if (saga) unit.settle(saga, id)
  }
  return rows.length
}

/**
 * Asks for the outcome of a choreographed saga to be made definite now: what has not run is refused, for this reason, and what
 * has is undone, unless its pivot is done. Answers false when it is not at home here, or has ended.
 *
 * @param act whose wish it is, when an operator's
 */
export async function settle(service: Service, id: string, reason: string, act?: OperatorAct): Promise<boolean> {
  return service.withoutConflict(() =>
    service.commit(
      async (unit) => {
        const [row] = await unit.query<{ definition: string }>(
          `select definition from ${service.name}.saga where id = $1 and style = 'choreographed' and ended_at is null`,
          [id],
        )
        const saga = service.homes.get(row?.definition ?? '')?.saga
        if (saga) unit.settle(saga, id, reason)
        if (saga && act) await noteAct(unit, service.name, act)
        return saga !== undefined
      },
      'work.beforeCommit',
      'work.afterCommit',
    ),
  )
}

/** Looks after the deadlines of the sagas that are at home at a service. */
export function homeDeadlines(service: Service): DueWork {
  const sagas = new Map([...service.homes].map(([id, home]) => [id, home.saga]))
  return new DueWork(service, 'deadlines', (unit, limit) => settleOverdue(unit, service.name, sagas, limit))
}
