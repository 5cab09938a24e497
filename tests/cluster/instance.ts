import { comptoir } from '../kit/command.ts'
import { readyStore, type StoreProcess } from '../kit/process.ts'

/** Starts an instance on a server's database and waits until it is ready. */
export const startInstance = (databaseUrl: string, args: readonly string[] = []): Promise<StoreProcess> =>
  readyStore(comptoir(['serve', '--json', '--port', '0', ...args], { env: { DATABASE_URL: databaseUrl } }))
