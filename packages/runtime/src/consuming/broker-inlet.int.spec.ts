import { inletConformance } from '../testing/inlet-conformance.ts'
import { brokerWay } from '../testing/inlet-ways.ts'
import { MemoryBroker } from '../testing/memory-broker.ts'
import { openDatabase } from '../testing/open-database.ts'
import { serverUrl } from '../testing/scratch-postgres.ts'

const broker = new MemoryBroker()
inletConformance('BrokerInlet on MemoryBroker', async () => brokerWay(await openDatabase(), () => broker.connect()), {
  sharing: true,
  atomic: false,
  unasked: true,
  concurrent: Boolean(serverUrl),
})
