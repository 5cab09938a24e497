import { type Database, endLosses, Relay } from '@comptoir/runtime'
import { addressesFrom } from './addresses.ts'
import { CommandFailure } from './command-failure.ts'
import { openServer } from './open-server.ts'
import { type ServiceName, services } from './services.ts'

/** Lets the relays publish again what the logs of the services hold of the last hours, while instances run. */
export async function republish({ hours }: { readonly hours: number }): Promise<void> {
  const { database: common, own, knows, kafka } = addressesFrom(process.env)
  if (!kafka) throw new CommandFailure("without KAFKA_BROKERS services read each other's logs: there is nothing to publish again")
  const onDatabase = async (name: ServiceName, work: (database: Database) => Promise<void>) => {
    const url = own[name] ?? common
    if (!url) throw new CommandFailure('set DATABASE_URL, or the database of each service, as for `comptoir serve`')
    const database = await openServer(url, 'comptoir republish')
    await work(database).finally(() => database.close())
  }
  for (const name of knows)
    await onDatabase(name, async (database) => {
      const count = await Relay.rewind(database, name, hours)
      process.stdout.write(`comptoir: ${count} messages of ${name} are published again, by an instance that runs or the next\n`)
    })
  // Only now: what a service has lost was said by any of them.
  for (const name of knows) await onDatabase(name, (database) => endLosses(database, name))
  const others = services.filter((name) => !knows.includes(name))
  if (others.length > 0)
    process.stdout.write(`comptoir: not of ${others.join(' and ')}: run it also where the database of each is known\n`)
}
