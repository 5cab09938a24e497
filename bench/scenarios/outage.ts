import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { atMost, figure } from '../figure.ts'
import type { Scenario } from '../scenario.ts'
import type { OutageRun, OutageWork } from '../workers/outage.ts'

/** Orders per second. */
const rate = 500

/** Orders that come while the broker is away: none is refused, and how long they take to end when it is back. */
export const outage: Scenario = {
  name: 'outage',
  modes: ['kafka'],
  async run({ scale: { outageSeconds: seconds }, places, say }) {
    const { kafka } = places
    if (!kafka) throw new Error('there is no broker here')
    const run = await places.fresh(async (place) => {
      const work: OutageWork = { place, rate, seconds }
      const worker = fork(new URL('../workers/outage.ts', import.meta.url), [JSON.stringify(work)])
      worker.on('exit', (code) => {
        if (code !== 0) throw new Error(`the worker ended with ${code}`)
      })
      await once(worker, 'message')
      say(`the broker is away for ${seconds} s at ${rate} orders/s`)
      await kafka.stop('kill')
      worker.send('away')
      await pause(1_000 * seconds)
      await kafka.start()
      worker.send('back')
      const [answer] = (await once(worker, 'message')) as [OutageRun]
      return answer
    })
    return {
      figures: [
        figure(`until the last saga has ended, after ${seconds} s without a broker at ${rate} orders/s`, 's', [run.seconds], {
          goal: atMost(60, 's'),
        }),
      ],
      details: run,
      notes: [`outage: ${run.accepted} orders were taken while the broker was away, none was refused`],
    }
  },
}
