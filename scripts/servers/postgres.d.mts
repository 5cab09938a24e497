import type { Server, StartOptions } from './own.mjs'

export interface PostgresServer extends Server {
  /** As the superuser `postgres`, who needs no password, to the database `postgres`. */
  readonly url: string
}

/** PostgreSQL with fsync on. Where root starts it, the user `postgres` runs it and must be able to get to the folder. */
export function startPostgres(options?: StartOptions): Promise<PostgresServer>
