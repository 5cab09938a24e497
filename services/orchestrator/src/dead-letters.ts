import type { Installation } from './saga-rows.ts'

/** A message that could not be handled and waits for a person. */
export interface DeadLetter {
  readonly id: number
  readonly service: string
  readonly saga_id: string
  readonly message: string
  readonly error: string | null
  readonly attempts: number
  readonly since: string
  /** Messages of the same key that wait behind it. */
  readonly parked: number
}

/** The dead letters of all services, oldest first, at most `limit` of each. */
export async function listDeadLetters({ services }: Installation, limit: number): Promise<DeadLetter[]> {
  const letters = await Promise.all(
    services.map((service) =>
      service.query<DeadLetter>(
        `select id, '${service.name}' as service, key as saga_id, type as message, error, attempts,
           to_char(since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as since,
           (select count(*)::int from ${service.name}.held_message as p where p.key = m.key and p.state = 'parked') as parked
         from ${service.name}.held_message as m where state = 'dead' order by id limit $1::int`,
        [limit],
      ),
    ),
  )
  return letters.flat()
}

/** Asks the consumers to try a saga's dead letters again, but those over which it has turned back. Answers how many. */
export async function requestReplay({ services }: Pick<Installation, 'services'>, saga: string, by: string): Promise<number> {
  const asked = await Promise.all(
    services.map((service) =>
      service.query(
        `insert into ${service.name}.replay_request (held_message, requested_by)
         select id, $2 from ${service.name}.held_message where key = $1 and state = 'dead' and not settled returning 1`,
        [saga, by],
      ),
    ),
  )
  return asked.flat().length
}
