import { comptoir } from '../kit/command.ts'
import { readyStore, type StoreProcess } from '../kit/process.ts'

/** Starts an instance on a server's database, or with these variables, and waits until it is ready. */
export const startInstance = (where: string | NodeJS.ProcessEnv, args: readonly string[] = []): Promise<StoreProcess> => {
  const env = typeof where === 'string' ? { DATABASE_URL: where } : where
  return readyStore(comptoir(['serve', '--json', '--port', '0', ...args], { env }))
}
