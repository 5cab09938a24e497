import { describe, expect, it } from 'vitest'
import type { Consumer } from './client.ts'
import { Offsets } from './offsets.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))
const offset = (partition: number, next: number) => ({ partition, next: BigInt(next), leaderEpoch: 0 })

/** A group member whose commits wait for their answer. */
function member({ partitions = [0, 1], committed = [105n, 205n] }: { partitions?: number[]; committed?: bigint[] } = {}) {
  const commits: { sent: string; answer(error?: Error): void }[] = []
  const failures: string[] = []
  const losses: [number, bigint, bigint][] = []
  const consumer = {
    active: true,
    isActive: (): boolean => consumer.active,
    assignments: [{ topic: 'store', partitions }],
    listCommittedOffsets: async () => new Map([['store', committed]]),
    listOffsets: async () => new Map([['store', [100n, 200n]]]),
    commit: ({ offsets }: { offsets: { partition: number; offset: bigint }[] }) =>
      new Promise<void>((resolve, reject) => {
        const sent = offsets.map(({ partition, offset }) => `${partition}@${offset}`).join(' ')
        commits.push({ sent, answer: (error) => (error ? reject(error) : resolve()) })
      }),
  }
  const offsets = new Offsets(consumer as unknown as Consumer, 'store', {
    trouble: (reason) => failures.push(reason),
    lost: (partition, first, next) => losses.push([partition, first, next]),
  })
  return { commits, failures, losses, offsets, consumer }
}

describe('Offsets', () => {
  it('commits one at a time, and what is handled meanwhile with the next', async () => {
    const { commits, offsets } = member()
    offsets.handled([offset(0, 1), offset(1, 7), offset(0, 2)])
    await turn()
    offsets.handled([offset(0, 3)])
    offsets.handled([offset(0, 4), offset(1, 9)])
    await turn()
    expect(commits.map(({ sent }) => sent)).toEqual(['0@2 1@7'])
    commits[0]?.answer()
    await turn()
    expect(commits.map(({ sent }) => sent)).toEqual(['0@2 1@7', '0@4 1@9'])
    commits[1]?.answer()
    await offsets.settled()
  })

  it('leaves to another instance what belongs to it by now', async () => {
    const { commits, offsets, consumer } = member()
    offsets.handled([offset(0, 1)])
    await turn()
    offsets.handled([offset(0, 2), offset(1, 9)])
    consumer.assignments = [{ topic: 'store', partitions: [1] }]
    commits[0]?.answer()
    await turn()
    expect(commits.map(({ sent }) => sent)).toEqual(['0@1', '1@9'])
    commits[1]?.answer()
    await offsets.settled()
    offsets.handled([offset(0, 3)])
    await offsets.settled()
    expect(commits).toHaveLength(2)
  })

  it('tells that a commit failed, and sends what it was about with the next one', async () => {
    const { commits, failures, offsets } = member()
    offsets.handled([offset(0, 1), offset(1, 7)])
    await turn()
    offsets.handled([offset(1, 8)])
    commits[0]?.answer(new Error('no coordinator'))
    await offsets.settled()
    expect(failures).toEqual(['offsets were not committed: no coordinator'])
    offsets.handled([offset(1, 9)])
    await turn()
    expect(commits[1]?.sent.split(' ').sort()).toEqual(['0@1', '1@9'])
    commits[1]?.answer()
    await offsets.settled()
  })

  it('commits the start of partitions that have no offset yet, and of no others', async () => {
    const { commits, offsets } = member({ committed: [105n, -1n] })
    await offsets.begin()
    await turn()
    expect(commits.map(({ sent }) => sent)).toEqual(['1@200'])
    commits[0]?.answer()
    await offsets.settled()
  })

  it('F17: says what was lost before it was handled', async () => {
    const { commits, losses, offsets } = member({ committed: [93n, 200n] })
    await offsets.begin()
    await offsets.settled()
    expect(losses).toEqual([[0, 93n, 100n]])
    expect(commits).toEqual([])
  })

  it('F17: commits nothing that would hide a loss before it has looked for it', async () => {
    const { commits, losses, offsets, consumer } = member({ committed: [93n, 200n] })
    const { listOffsets } = consumer
    consumer.listOffsets = () => Promise.reject(new Error('no leader'))
    await expect(offsets.begin()).rejects.toThrow('no leader')
    offsets.handled([offset(0, 130)])
    await offsets.settled()
    expect(commits).toEqual([])
    consumer.listOffsets = listOffsets
    await offsets.begin()
    await turn()
    expect(losses).toEqual([[0, 93n, 100n]])
    expect(commits.map(({ sent }) => sent)).toEqual(['0@130'])
    commits[0]?.answer()
    await offsets.settled()
  })

  it('does not go back to the start behind what was handled meanwhile', async () => {
    const { commits, offsets } = member({ committed: [-1n, -1n] })
    const beginning = offsets.begin()
    offsets.handled([offset(0, 130)])
    await beginning
    await turn()
    commits[0]?.answer()
    await turn()
    commits[1]?.answer()
    await offsets.settled()
    expect(commits.map(({ sent }) => sent).join(' ')).toBe('0@130 1@200')
  })

  it('commits nothing while the group is joining, and all of it afterwards', async () => {
    const { commits, offsets, consumer } = member()
    consumer.active = false
    offsets.handled([offset(0, 1)])
    offsets.handled([offset(1, 7)])
    await offsets.settled()
    expect(commits).toEqual([])
    consumer.active = true
    offsets.rejoined()
    await turn()
    expect(commits.map(({ sent }) => sent)).toEqual(['0@1 1@7'])
    commits[0]?.answer()
    await offsets.settled()
  })

  it('has nothing to begin without partitions', async () => {
    const { commits, offsets } = member({ partitions: [] })
    await offsets.begin()
    await offsets.settled()
    expect(commits).toEqual([])
  })
})
