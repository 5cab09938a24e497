import { listen, openLosses, type Service } from '@comptoir/runtime'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Instance } from './instance.ts'

/** Seconds: from one hop of an idle store to a backlog that alarms. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300]

/** What Prometheus reads: counters from the runtime's diagnostics, gauges from the database when it is asked. */
export class StoreMetrics {
  readonly registry = new Registry()
  readonly contentType = this.registry.contentType
  readonly #ends: (() => void)[] = []
  readonly #measure: () => Promise<void>

  constructor(instance: Instance) {
    collectDefaultMetrics({ register: this.registry })
    // Gauges with the names of counters, which promtool refuses.
    for (const name of ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'])
      this.registry.removeSingleMetric(name)
    this.#count()
    this.#measure = this.#gauges(instance)
  }

  /** All metrics as Prometheus' text, the gauges as the database has them now. */
  async metrics(): Promise<string> {
    await this.#measure()
    return this.registry.metrics()
  }

  /** Stops listening. */
  close(): void {
    for (const end of this.#ends) end()
  }

  #count(): void {
    const registers = [this.registry]
    const sagas = new Counter({
      name: 'comptoir_sagas_total',
      help: 'Sagas that began, completed or were cancelled',
      labelNames: ['saga', 'event'],
      registers,
    })
    const orders = new Counter({
      name: 'comptoir_orders_total',
      help: 'Orders by what became of their placing',
      labelNames: ['event'],
      registers,
    })
    const messages = new Counter({
      name: 'comptoir_messages_total',
      help: 'Messages handled',
      labelNames: ['consumer'],
      registers,
    })
    const batches = new Counter({
      name: 'comptoir_batches_total',
      help: 'Transactions that handled messages',
      labelNames: ['consumer'],
      registers,
    })
    const steps = new Histogram({
      name: 'comptoir_step_seconds',
      help: 'From the writing of a message to the commit of what it did',
      labelNames: ['service', 'saga', 'step', 'phase'],
      buckets,
      registers,
    })
    const outcomes = new Counter({
      name: 'comptoir_step_outcomes_total',
      help: 'Outcomes of steps',
      labelNames: ['service', 'saga', 'step', 'phase', 'outcome'],
      registers,
    })
    const held = new Counter({
      name: 'comptoir_held_total',
      help: 'Messages that were set aside: retry, dead or unknown',
      labelNames: ['service', 'state'],
      registers,
    })
    const ignored = new Counter({
      name: 'comptoir_ignored_total',
      help: 'Messages of unknown type',
      labelNames: ['service'],
      registers,
    })
    this.#ends.push(
      listen('comptoir:saga', ({ saga, event, count }) => {
        sagas.inc({ saga, event }, count)
        if (saga === 'PlaceOrder')
          orders.inc({ event: { began: 'accepted', completed: 'placed', cancelled: 'cancelled' }[event] }, count)
      }),
      listen('comptoir:batch', ({ consumer, messages: count }) => {
        messages.inc({ consumer }, count)
        batches.inc({ consumer })
      }),
      listen('comptoir:step', ({ service, saga, step, phase, outcomes: counts, seconds }) => {
        const child = steps.labels({ service, saga, step, phase })
        for (const value of seconds) child.observe(value)
        for (const [outcome, count] of Object.entries(counts)) outcomes.inc({ service, saga, step, phase, outcome }, count)
      }),
      listen('comptoir:held', ({ service, state }) => held.inc({ service, state })),
      listen('comptoir:ignored', ({ service }) => ignored.inc({ service })),
    )
  }

  #gauges(instance: Instance): () => Promise<void> {
    const services = instance.services
    const registers = [this.registry]
    const labelNames = ['consumer', 'source']
    const oldest = new Gauge({
      name: 'comptoir_log_oldest_seconds',
      help: 'Age of the oldest message that a consumer has not handled',
      labelNames,
      registers,
    })
    const lag = new Gauge({
      name: 'comptoir_consumer_lag_messages',
      help: 'How far a consumer is behind the end of a log, by position (an upper bound: positions of other mailboxes lie between)',
      labelNames,
      registers,
    })
    const held = new Gauge({
      name: 'comptoir_held_messages',
      help: 'Messages that wait, by why',
      labelNames: ['service', 'state'],
      registers,
    })
    const lost = new Gauge({
      name: 'comptoir_lost_messages',
      help: 'Messages that the broker deleted before they were handled, and that were not published again',
      labelNames: ['service'],
      registers,
    })
    const horizon = new Gauge({
      name: 'comptoir_horizon_held_seconds',
      help: 'Age of the oldest transaction that writes, in any database of the servers: nothing that died since then is vacuumed',
      registers,
    })
    const open = new Gauge({ name: 'comptoir_sagas_open', help: 'Sagas that have not ended', registers })
    return async () => {
      // First: when none is open, what they all said is in the logs by now, and whoever has not read it is behind.
      const counts = await Promise.all(services.map(readOpen))
      open.set(counts.reduce((sum, n) => sum + n, 0))
      for (const { consumer, source, age, behind } of await instance.lags()) {
        oldest.set({ consumer, source }, age)
        lag.set({ consumer, source }, behind)
      }
      horizon.set(instance.horizonAge)
      for (const service of services) {
        for (const { state, n } of await readHeld(service)) held.set({ service: service.name, state }, n)
        const losses = await openLosses(service, service.name)
        lost.set(
          { service: service.name },
          losses.reduce((sum, { messages }) => sum + messages, 0),
        )
      }
    }
  }
}

const readHeld = (service: Service): Promise<{ state: string; n: number }[]> =>
  service.query(
    `select s as state, (select count(*)::int from ${service.name}.held_message where state = s) as n from unnest(array['retry', 'parked', 'dead', 'unknown']) as s`,
  )

async function readOpen(service: Service): Promise<number> {
  const [row] = await service.query<{ n: number }>(`select count(*)::int as n from ${service.name}.saga_open`)
  return row?.n ?? 0
}
