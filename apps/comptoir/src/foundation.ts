import type { Database, Leases, Ports } from '@comptoir/runtime'

/** What an instance stands on: its database, and what connects it to other instances. */
export interface Foundation {
  readonly mode: 'embedded' | 'postgres'
  readonly database: Database
  readonly ports: Partial<Ports>
  readonly leases?: (schema: string) => Leases
  /** What signs cursors: the same for all instances of an installation. Asked when the database is up to date. */
  readonly cursorSecret: () => Promise<Uint8Array>
  close(): Promise<void>
}
