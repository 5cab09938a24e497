import { brokerConformance } from './broker-conformance.ts'
import { MemoryBroker } from './memory-broker.ts'

const broker = new MemoryBroker()
brokerConformance('MemoryBroker', async () => broker.connect(), { sharing: true })
