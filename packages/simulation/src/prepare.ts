import {
  type Database,
  driverMailbox,
  drivingMigrations,
  engineMigrations,
  engineTables,
  type Migrations,
  migrate,
  raiseEpoch,
  sharedMigrations,
} from '@comptoir/runtime'

/**
 * Makes the tables of these services, and forgets all that an earlier simulation left in those of the engine. The services' own
 * tables keep what they have. Answers the epoch.
 */
export async function prepare(database: Database, services: readonly string[], own: readonly Migrations[]): Promise<number> {
  await migrate(database, [sharedMigrations, ...services.map(engineMigrations), ...own, drivingMigrations(driverMailbox)])
  await database.transaction(async (tx) => {
    for (const service of services) for (const table of engineTables) await tx.query(`delete from ${service}.${table}`)
    await tx.query(`delete from ${driverMailbox}.driving`)
  })
  return raiseEpoch(database, services)
}
