import { describe, expect, it } from 'vitest'
import { PublicationQueue } from './publication-queue.ts'
import type { RecordToProduce } from './record-client.ts'

const record = (value: string): RecordToProduce => ({ topic: 'store', partition: 0, value: Buffer.from(value) })

/** Requests that wait for their answer. */
function requests() {
  const open: { values: string[]; answer(error?: Error): void }[] = []
  const queue = new PublicationQueue(
    'store',
    (records) =>
      new Promise((resolve, reject) => {
        const values = records.map(({ value }) => String(value))
        open.push({ values, answer: (error) => (error ? reject(error) : resolve()) })
      }),
  )
  return { open, queue, publish: (...values: string[]) => queue.add(values.map(record)) }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('PublicationQueue', () => {
  it('sends at once, and what comes meanwhile in one request after it', async () => {
    const { open, publish, queue } = requests()
    const first = publish('a')
    const others = Promise.all([publish('b', 'c'), publish('d')])
    expect(open.map(({ values }) => values)).toEqual([['a']])
    open[0]?.answer()
    await first
    await turn()
    expect(open.map(({ values }) => values)).toEqual([['a'], ['b', 'c', 'd']])
    open[1]?.answer()
    await others
    await queue.idle()
    const again = publish('e')
    open[2]?.answer()
    await again
  })

  it('keeps a request below what a broker takes, however much there is', async () => {
    const { open, publish } = requests()
    const large = 'x'.repeat(300_000)
    const done = publish('a', large, large, 'b', 'x'.repeat(600_000))
    for (let n = 0; n < 3; n += 1) {
      open[n]?.answer()
      await turn()
    }
    expect(open.map(({ values }) => values.map(({ length }) => length))).toEqual([[1, 300_000], [300_000, 1], [600_000]])
    await done
  })

  it('F10: lets fall what waits behind a failed request, so that a key is not overtaken', async () => {
    const { open, publish } = requests()
    const publications = [publish('a'), publish('b'), publish('c')].map((publication) =>
      publication.then(
        () => 'taken',
        (error: Error & { retry: boolean }) => `${error.name} ${error.retry} ${error.message}`,
      ),
    )
    open[0]?.answer(new Error('no connection'))
    const refusal = 'BrokerError true messages for store were not taken: no connection'
    expect(await Promise.all(publications)).toEqual([refusal, refusal, refusal])
    expect(open).toHaveLength(1)
    const again = publish('a')
    open[1]?.answer()
    await again
  })
})
