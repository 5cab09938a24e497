import { Client } from '../kit/client.ts'
import { until } from '../kit/wait.ts'

const nothingLeft = ['comptoir_sagas_open', 'comptoir_consumer_lag_messages']

/**
 * Waits until every saga has ended and every consumer has read everything, as the metrics tell twice in a row: they look at one
 * reader after the other, and what one has just handled may be news to another that was looked at before.
 */
export async function drain(url: string, ms = 60_000): Promise<void> {
  const client = new Client(url)
  let left: readonly string[] = []
  let calm = 0
  await until(
    'every saga has ended and nobody is behind',
    async () => {
      const values = (await client.get('/metrics')).text
        .split('\n')
        .filter((line) => nothingLeft.some((name) => line.startsWith(name)))
      left = values.filter((line) => !line.endsWith(' 0'))
      calm = values.length > 1 && left.length === 0 ? calm + 1 : 0
      return calm === 2
    },
    ms,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${left.join(', ')}`, { cause: error })
  })
}
