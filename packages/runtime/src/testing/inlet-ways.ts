import { BrokerInlet } from '../consuming/broker-inlet.ts'
import { raiseEpoch } from '../log/epoch.ts'
import type { Inlet } from '../log/inlet.ts'
import { takeOver } from '../log/positions.ts'
import { Reader } from '../log/reader.ts'
import { Relay } from '../log/relay.ts'
import { engineMigrations, migrate, sharedMigrations } from '../migrate.ts'
import type { Broker } from '../ports/broker.ts'
import type { Database } from '../ports/database.ts'
import { lonePorts, Service } from '../service.ts'

/** An inlet, and what ends it as a process does that is told to stop. */
export interface OpenInlet {
  readonly inlet: Inlet
  close(): Promise<void>
}

/** A mailbox that messages come to. */
export interface InletMailbox {
  /** Opens an inlet, as another instance of the service whose mailbox it is. */
  open(): Promise<OpenInlet>
  /** Ends what carries messages here. */
  close(): Promise<void>
}

/** Two services that say messages in transactions of one database, and the way of these to whoever handles them. */
export interface InletWay {
  /** The services' own, and that of whoever handles. */
  readonly database: Database
  readonly senders: readonly [Service, Service]
  mailbox(name: string): Promise<InletMailbox>
  close(): Promise<void>
}

const names = ['a', 'b'] as const

async function sendersOn(database: Database): Promise<readonly [Service, Service]> {
  await migrate(database, [sharedMigrations, ...names.map(engineMigrations)])
  const epoch = await raiseEpoch(database, names)
  const ports = lonePorts(database)
  const sender = (name: (typeof names)[number]) => new Service({ ...ports, name, epoch, participants: [] })
  return [sender('a'), sender('b')]
}

/** The logs themselves: service a reads them, and keeps the positions. */
export async function logWay(database: Database): Promise<InletWay> {
  const senders = await sendersOn(database)
  const [reading] = senders
  const open = async (mailbox: string): Promise<OpenInlet> => {
    const hold = await takeOver(database, reading.name, mailbox, names)
    return { inlet: new Reader(reading, mailbox, hold), close: async () => {} }
  }
  return {
    database,
    senders,
    mailbox: async (name) => ({ open: () => open(name), close: async () => {} }),
    close: () => database.close(),
  }
}

/** A broker that a relay of each sender carries its log to. @param connect connects another instance */
export async function brokerWay(database: Database, connect: () => Broker): Promise<InletWay> {
  const senders = await sendersOn(database)
  const carrier = connect()
  return {
    database,
    senders,
    async mailbox(name) {
      const relays = senders.map((sender) => new Relay(sender, carrier, { services: [name] }))
      await Promise.all(relays.map((relay) => relay.start()))
      return {
        async open() {
          const broker = connect()
          return { inlet: new BrokerInlet(broker.subscribe(name)), close: () => broker.close() }
        },
        async close() {
          await Promise.all(relays.map((relay) => relay.stop()))
        },
      }
    },
    async close() {
      await carrier.close()
      await database.close()
    },
  }
}
