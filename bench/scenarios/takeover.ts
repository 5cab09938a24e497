import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { atMost, figure } from '../figure.ts'
import { fillStock } from '../http-load.ts'
import type { Mode, Place } from '../place.ts'
import type { Scenario } from '../scenario.ts'
import { type Running, type Server, startServer } from '../server.ts'
import { median } from '../statistics.ts'
import { type DueOrder, steadyOrders } from '../steady-orders.ts'

/** Orders per second, all at the instance that lives on. */
const rate = 50
/** Load before anything happens (seconds): what is usual. */
const usualSeconds = 10
/** Load after it: longer than the goal. */
const afterSeconds = 30
/** So long may the last sagas take to end after the load. */
const patienceMs = 120_000
/** The longest pause that is good enough, in seconds. */
const goals: Partial<Record<Mode, number>> = { postgres: 5, kafka: 15 }
/** What happens to the instance that does the work: it ends, or stands still and keeps its connections. */
const faults = ['SIGKILL', 'SIGSTOP'] as const
type Fault = (typeof faults)[number]

interface Run {
  readonly fault: Fault
  /** The usual wait of an order for the end of its saga, and the longest of those that had not ended at the fault or came after it (seconds). */
  readonly usual: number
  readonly longest: number
  /** Orders that waited a second and more longer than usual. */
  readonly late: number
  readonly orders: number
}

/** Two instances, of which one is killed, or stands still: how long orders placed at the other one wait. */
export const takeover: Scenario = {
  name: 'takeover',
  modes: ['postgres', 'kafka'],
  async run({ scale, places, say }) {
    const turns = Math.min(3, scale.runs)
    const runs: Run[] = []
    for (const fault of faults) {
      for (let turn = 1; turn <= turns; turn += 1) {
        say(`${fault}, run ${turn} of ${turns}`)
        runs.push(await places.fresh((place) => withTwo(place, (victim, survivor) => measure(place, fault, victim, survivor))))
      }
    }
    const goal = goals[places.mode]
    return {
      figures: faults.map((fault) =>
        figure(
          `longest wait of an order after ${fault} of the other instance, beyond the usual`,
          's',
          runs.filter((run) => run.fault === fault).map(({ longest, usual }) => longest - usual),
          goal === undefined ? {} : { goal: atMost(goal, 's') },
        ),
      ),
      details: runs,
      notes: runs.map(
        ({ fault, late, orders, usual }) =>
          `takeover: after ${fault} ${late} of ${orders} orders waited a second and more longer than the usual ${(1_000 * usual).toFixed(0)} ms; every saga ended`,
      ),
    }
  },
}

/** The first has every lease that there is when the second comes. */
async function withTwo(place: Place, work: (first: Running, second: Running) => Promise<Run>): Promise<Run> {
  const started: Running[] = []
  const start = async () => {
    const running = await startServer('comptoir', place)
    started.push(running)
    return running
  }
  try {
    return await work(await start(), await start())
  } finally {
    // A process that stands still hears nothing else.
    await started[0]?.stop('SIGKILL')
    await started[1]?.stop()
  }
}

async function measure(place: Place, fault: Fault, victim: Running, { server }: Running): Promise<Run> {
  await fillStock(server)
  const end = new AbortController()
  const loading = steadyOrders(server.url, rate, end.signal)
  // Awaited below, unless something else has failed before.
  loading.catch(() => {})
  let at: number
  try {
    await pause(1_000 * usualSeconds)
    await checkWork(place, victim.server, server)
    at = Date.now()
    victim.signal(fault)
    await pause(1_000 * afterSeconds)
  } finally {
    end.abort()
  }
  const orders = await loading
  const waits = await waitsOf(place, orders)
  const usual = median(waits.filter(({ ended }) => ended < at).map(({ seconds }) => seconds))
  const after = waits.filter(({ ended }) => ended >= at).map(({ seconds }) => seconds)
  return {
    fault,
    usual,
    longest: Math.max(...after),
    late: after.filter((seconds) => seconds >= usual + 1).length,
    orders: orders.length,
  }
}

/** @throws when what is to happen would show nothing: PostgreSQL's one consumer must be the victim, of Kafka's two it must be one */
async function checkWork({ mode }: Place, victim: Server, survivor: Server): Promise<void> {
  const handled = async (server: Server) => Math.max(0, ...(await server.metric('comptoir_messages_total')))
  const [ofVictim, ofSurvivor] = await Promise.all([victim, survivor].map(handled))
  if (ofVictim === 0 || (ofSurvivor === 0) !== (mode === 'postgres'))
    throw new Error(`before the fault the victim handled ${ofVictim} messages, the survivor ${ofSurvivor}`)
}

/** When the saga of each order ended, and how long after the order was due (seconds). @throws when some do not end */
async function waitsOf({ at }: Place, orders: readonly DueOrder[]): Promise<{ ended: number; seconds: number }[]> {
  const client = new Client({ connectionString: at })
  await client.connect()
  try {
    for (const begin = Date.now(); ; await pause(100)) {
      const { rows } = await client.query<{ id: number; ended: number }>(
        `select subject::int as id, (extract(epoch from ended_at) * 1000)::float8 as ended from store.saga where outcome = 'completed'`,
      )
      const ends = new Map(rows.map(({ id, ended }) => [id, ended]))
      const waits = orders.flatMap(({ id, due }) => {
        const ended = ends.get(id)
        return ended === undefined ? [] : { ended, seconds: (ended - due) / 1_000 }
      })
      if (waits.length === orders.length) return waits
      if (Date.now() - begin > patienceMs) throw new Error(`${orders.length - waits.length} sagas have not ended`)
    }
  } finally {
    await client.end()
  }
}
