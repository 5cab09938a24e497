import { orchestratorService } from '@comptoir/orchestrator'
import { paymentsMigrations, paymentsService } from '@comptoir/payments'
import type { Database } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { type SimulationOptions, simulate } from '@comptoir/simulation'
import { storeMigrations, storeService } from '@comptoir/store'
import { followHistory } from './invariants.fixture.ts'
import { ceiling } from './wishes.fixture.ts'

/** The services of the store, for simulations. */
export const simulatedShop = (options: Omit<SimulationOptions, 'services' | 'migrations'>): SimulationOptions => ({
  ...options,
  services: (ports, epoch) => [
    storeService(ports, epoch),
    paymentsService(ports, epoch, ceiling),
    orchestratorService(ports, epoch),
  ],
  migrations: [...storeMigrations, ...paymentsMigrations],
})

/** A database for many simulations of the store; its orders' histories are followed, for `violations`. */
export async function openSimulatedShop(): Promise<Database> {
  const database = await openPglite()
  await simulate(simulatedShop({ database }), () => followHistory(database))
  return database
}
