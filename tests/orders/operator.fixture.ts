import { createServer } from '@comptoir/http'
import { operatorApi } from '@comptoir/orchestrator'
import { sagas } from '../../apps/comptoir/src/installation.ts'
import type { Shop } from './shop.fixture.ts'

/** The operator's API over all services of a shop. */
export async function openOperator({ instance: { services, store, orchestrator } }: Shop) {
  const app = createServer({ allowedHosts: 'loopback' })
  await app.register(
    operatorApi({
      services,
      homes: [store, orchestrator],
      sagas,
      cursorSecret: Buffer.alloc(32, 7),
      home: store,
      driver: orchestrator,
    }),
  )
  return app
}
