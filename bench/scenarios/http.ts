import { atLeast, atMost, type Figure, figure } from '../figure.ts'
import { connections, fillStock, orderLoad } from '../http-load.ts'
import { modes, type Place } from '../place.ts'
import type { Scenario } from '../scenario.ts'
import { type Server, withServer } from '../server.ts'
import { median } from '../statistics.ts'

/** 201s per second; with Kafka there is none. */
const goals = { embedded: atLeast(1_500, '201/s'), postgres: atLeast(3_000, '201/s'), kafka: undefined }
const sampleMs = 1_000
/** So long may sagas take to end after the load, by the definition of the figure (seconds); twice that is waited. */
const afterwards = 5

/** POST /orders against the real command for a while, its backlog flat and every saga ended soon after. */
export const http: Scenario = {
  name: 'http',
  modes,
  async run({ scale, places, say }) {
    const runs: Run[] = []
    for (let turn = 1; turn <= scale.runs; turn += 1) {
      say(`run ${turn} of ${scale.runs}, ${scale.seconds} s`)
      // Embedded, the command makes its folder by itself.
      const run = (place?: Place) => withServer('comptoir', (server) => measure(server, scale.seconds), place)
      runs.push(await (places.mode === 'embedded' ? run() : places.fresh(run)))
    }
    const values = (value: (run: Run) => number) => runs.map(value)
    const figures: Figure[] = [
      figure(
        `POST /orders, ${connections} connections`,
        '201/s',
        values((run) => run.perSecond),
        { goal: goals[places.mode] },
      ),
      figure(
        'POST /orders, p50',
        'ms',
        values((run) => run.p50),
      ),
      figure(
        'POST /orders, p99',
        'ms',
        values((run) => run.p99),
      ),
      figure(
        'oldest waiting message, later half over earlier half',
        's',
        values((run) => growth(run.backlog)),
        { goal: atMost(0.5, 's') },
      ),
      figure(
        'every saga has ended after the load',
        's',
        values((run) => run.endedAfter),
        { goal: atMost(afterwards, 's') },
      ),
    ]
    return { figures, details: runs, notes: [] }
  },
}

interface Run {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** Age of the oldest message that waited, each second (seconds). */
  readonly backlog: readonly number[]
  /** Seconds. */
  readonly endedAfter: number
}

async function measure(server: Server, duration: number): Promise<Run> {
  await fillStock(server)
  await orderLoad(server, { amount: 2_000 })
  const backlog: number[] = []
  const sampling = setInterval(() => {
    server.metric('comptoir_log_oldest_seconds').then(
      (ages) => backlog.push(Math.max(...ages)),
      // The last sample may meet a server that is being stopped.
      () => {},
    )
  }, sampleMs)
  const { created, seconds, p50, p99 } = await orderLoad(server, { duration }).finally(() => clearInterval(sampling))
  return { perSecond: created / seconds, p50, p99, backlog, endedAfter: await untilEnded(server) }
}

/** Seconds until no saga is open. @throws when some do not end */
async function untilEnded(server: Server): Promise<number> {
  const began = performance.now()
  for (;;) {
    const [open] = await server.metric('comptoir_sagas_open')
    const waited = (performance.now() - began) / 1_000
    if (open === 0) return waited
    if (waited > 2 * afterwards) throw new Error(`${open} sagas are still open ${waited.toFixed(1)} s after the load`)
  }
}

/** How much older the oldest waiting message was in the later half than in the earlier one: about 0 when the backlog is flat. */
function growth(ages: readonly number[]): number {
  const middle = ages.length >> 1
  return median(ages.slice(middle)) - median(ages.slice(0, middle))
}
