import { describe } from 'vitest'
import { brokerConformance } from '../../runtime/src/testing/broker-conformance.ts'
import { kafkaBroker } from './kafka-broker.ts'

const brokers = process.env.TEST_KAFKA_BROKERS?.split(',') ?? []

describe.skipIf(brokers.length === 0)('on a real broker', () => {
  brokerConformance('kafkaBroker', async (service) => kafkaBroker({ brokers, service }), { sharing: true })
})
