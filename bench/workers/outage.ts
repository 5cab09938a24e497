import { once } from 'node:events'
import { openComptoir } from '../comptoir.ts'
import { OpenLoad } from '../open-load.ts'
import type { Place } from '../place.ts'
import { Trace } from '../trace.ts'

export interface OutageWork {
  readonly place: Place
  /** Orders per second while the broker is away, and for how long (seconds). */
  readonly rate: number
  readonly seconds: number
}

export interface OutageRun {
  readonly accepted: number
  /** Seconds from the broker's return to the end of the last saga. */
  readonly seconds: number
}

const warmUp = { rate: 500, seconds: 4 } as const

/** Says when it is warm, is told when the broker has gone, loads, says that, is told when it is back, and answers. */
async function run({ place, rate, seconds }: OutageWork): Promise<OutageRun> {
  const trace = new Trace()
  const load = new OpenLoad(trace)
  let open = 0
  let refused = 0
  const system = await openComptoir(place, {
    ended(count) {
      open -= count
      load.ended(count)
    },
    failed(error) {
      refused += 1
      load.failed(error)
    },
    waiting() {},
  })
  await load.run(system, warmUp.rate, warmUp.seconds)
  process.send?.('warm')
  await once(process, 'message')
  const loading = load.run(
    {
      ...system,
      place: (accepted) => {
        open += 1
        system.place(accepted)
      },
    },
    rate,
    seconds,
  )
  const [back] = await Promise.all([once(process, 'message').then(() => performance.now()), loading])
  await system.stop()
  if (open + refused > 0) throw new Error(`${open} sagas have not ended, ${refused} orders were refused`)
  return { accepted: Math.round(rate * seconds), seconds: (performance.now() - back) / 1_000 }
}

const result = await run(JSON.parse(process.argv[2] ?? 'null') as OutageWork)
process.send?.(result, () => process.disconnect())
