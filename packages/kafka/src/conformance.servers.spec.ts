import { describe } from 'vitest'
import { brokerConformance } from '../../runtime/src/testing/broker-conformance.ts'
import { inletConformance } from '../../runtime/src/testing/inlet-conformance.ts'
import { brokerWay } from '../../runtime/src/testing/inlet-ways.ts'
import { openDatabase } from '../../runtime/src/testing/open-database.ts'
import { serverUrl } from '../../runtime/src/testing/scratch-postgres.ts'
import { kafkaBroker } from './kafka-broker.ts'

const brokers = process.env.TEST_KAFKA_BROKERS?.split(',') ?? []

describe.skipIf(brokers.length === 0)('on a real broker', () => {
  brokerConformance('kafkaBroker', async (service) => kafkaBroker({ brokers, service }), { sharing: true })

  const connect = () => kafkaBroker({ brokers, service: 'inlet' })
  inletConformance('BrokerInlet on kafkaBroker', async () => brokerWay(await openDatabase(), connect), {
    sharing: true,
    atomic: false,
    unasked: true,
    concurrent: Boolean(serverUrl),
  })
})
