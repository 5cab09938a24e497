import { systemIds } from '@comptoir/runtime'
import type { Place } from '../place.ts'
import { randomOrder, type SagaListener, type SagaSystem } from '../saga-system.ts'
import { Consumer } from './consumer.ts'
import { Entry } from './entry.ts'
import { createSchema, readPrices } from './schema.ts'
import { ServerSession, TurnTaking } from './session.ts'
import { Wakes } from './wakes.ts'

/**
 * The limit that Comptoir is held against: the same saga in the same design (log read below the horizon, inbox, set-based
 * steps, group commit), written by hand on PGlite or a server, with nothing that a product needs besides: no compensation, no failures,
 * no read model, no ledger, no checks of users.
 */
export async function openHandWritten(place: Place, listener: SagaListener): Promise<SagaSystem> {
  const sessions =
    place.mode === 'embedded'
      ? [await TurnTaking.open(place.at)]
      : await Promise.all([1, 2, 3, 4].map(() => ServerSession.open(place.at)))
  // Where there is one session only, all take turns with it.
  const [database, payments = database, ...entries] = sessions
  if (!database || !payments) throw new Error('no session could be opened')
  await createSchema(database)
  const wakes = new Wakes()
  const ids = systemIds()
  const entry = new Entry(entries.length > 0 ? entries : [database], await readPrices(database), () => wakes.wake('s'))
  const ended = (count: number) => listener.ended(count)
  const consumers = [
    new Consumer({ database, schema: 's', sources: ['s', 'p'], wakes, ended }),
    new Consumer({ database: payments, schema: 'p', sources: ['s'], wakes, ended }),
  ]
  const runs = consumers.map((consumer) => consumer.run().catch((error: unknown) => listener.failed(error)))
  return {
    place() {
      entry.begin({ saga: ids.uuid(), ...randomOrder() }).catch((error: unknown) => listener.failed(error))
    },
    async stop() {
      for (const consumer of consumers) consumer.stop()
      await Promise.all(runs)
      await Promise.all(sessions.map((session) => session.close()))
    },
  }
}
