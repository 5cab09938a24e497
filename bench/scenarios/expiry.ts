import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { atMost, figure } from '../figure.ts'
import { fillStock, orderLoad } from '../http-load.ts'
import type { Place } from '../place.ts'
import type { Scenario } from '../scenario.ts'
import { type Server, withServer } from '../server.ts'
import { quantile } from '../statistics.ts'
import { steadyOrders } from '../steady-orders.ts'

/** Orders per second that are placed meanwhile. */
const rate = 200
/** So long may it take until none waits any more. */
const patienceMs = 600_000

/** Very many unpaid orders become due at once, while others are placed: how long until all are expired, and how the others fare. */
export const expiry: Scenario = {
  name: 'expiry',
  modes: ['postgres', 'kafka'],
  async run({ scale: { dueOrders }, places, say }) {
    const run = await places.fresh((place) => withServer('comptoir', (server) => measure(server, place, dueOrders, say), place))
    const many = dueOrders.toLocaleString('en')
    return {
      figures: [
        figure(`until ${many} unpaid orders are EXPIRED, at ${rate} orders/s`, 's', [run.seconds], { goal: atMost(120, 's') }),
        figure('p50 of POST /orders meanwhile', 'ms', [quantile(run.answers, 0.5)]),
        figure('p99 of POST /orders meanwhile', 'ms', [quantile(run.answers, 0.99)], { goal: atMost(500, 'ms') }),
      ],
      details: { seconds: run.seconds, placed: run.answers.length },
      notes: [`expiry: ${run.answers.length} orders were placed meanwhile, none was refused`],
    }
  },
}

async function measure(server: Server, place: Place, due: number, say: (text: string) => void) {
  const client = new Client({ connectionString: place.at })
  await client.connect()
  const count = async (condition: string): Promise<number> =>
    (await client.query<{ n: number }>(`select count(*)::int as n from ${condition}`)).rows[0]?.n ?? 0
  const until = async (isSo: () => Promise<boolean>) => {
    for (const begin = Date.now(); !(await isSo()); await pause(200))
      if (Date.now() - begin > patienceMs) throw new Error('it does not come to an end')
  }
  try {
    await fillStock(server)
    say(`placing ${due} orders`)
    await orderLoad(server, { amount: due })
    await until(async () => (await count('store.saga_open')) === 0)
    // Those that are placed from now on wait for their payment as long as usual.
    const { rowCount } = await client.query('update store.order_expiry set due = comptoir.now()')
    if (rowCount !== due) throw new Error(`${rowCount} orders wait for their payment, not ${due}`)
    say('they are due')
    const began = Date.now()
    const end = new AbortController()
    const loading = steadyOrders(server.url, rate, end.signal)
    loading.catch(() => {})
    try {
      await Promise.race([until(async () => (await count(`store.orders where status = 'EXPIRED'`)) === due), loading])
    } finally {
      end.abort()
    }
    const seconds = (Date.now() - began) / 1_000
    return { seconds, answers: (await loading).map(({ milliseconds }) => milliseconds) }
  } finally {
    await client.end()
  }
}
