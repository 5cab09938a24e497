import type { Database } from '@comptoir/runtime'
import type { InstanceOptions } from './instance.ts'

/** What an instance stands on: its database, and what connects it to other instances and services. */
export interface Foundation
  extends Pick<InstanceOptions, 'ports' | 'leases' | 'own' | 'knows' | 'broker' | 'feed' | 'readStore' | 'participants'> {
  readonly mode: 'embedded' | 'postgres'
  readonly database: Database
  /** What signs cursors: the same for all instances of an installation. Asked when the database is up to date. */
  readonly cursorSecret: () => Promise<Uint8Array>
  close(): Promise<void>
}
