import { expect, it } from 'vitest'
import { type Service, saidSignal } from '../service.ts'
import { localSignals } from '../signals/local-signals.ts'
import { eventually } from '../testing/eventually.ts'
import { Reader } from './reader.ts'

it('F23, I8: keeps what it has read of one log when another could not be read', async () => {
  let isAway = true
  const row = { snapshot: '9:9:', ahead: false, late: false, epoch: 1, pos: 1, key: 'k', type: 'Said', body: '{}', created: 5 }
  const left = [{ ...row, txid: '5' }]
  const database = {
    query: async (text: string) => {
      if (text.includes('b.log') && isAway) throw new Error('the server is away')
      const rows = text.includes('a.log') ? left.splice(0) : []
      return rows.length > 0 ? rows : [{ ...row, epoch: null }]
    },
  }
  const service = { name: 'a', epoch: 1, ports: { database, signals: localSignals() } } as unknown as Service
  const start = { epoch: 0, txid: '0', pos: 0 }
  const at = new Map(['a', 'b'].map((source) => [source, start]))
  const reader = new Reader(service, 'a', { consumer: 'a', lease: 1, clean: true, at })
  await expect(reader.poll(10)).rejects.toThrow('the server is away')
  isAway = false
  await reader.poll(10)
  expect(reader.pending.map(({ source, txid }) => [source, txid])).toEqual([['a', '5']])
})

it('reads a log again only when it has said something, or had a transaction under way', async () => {
  const snapshots: Record<string, string> = { a: '9:9:', b: '9:9:' }
  const read: string[] = []
  const database = {
    query: async (text: string) => {
      const [, source = ''] = /from ([ab])\.log/.exec(text) ?? []
      read.push(source)
      return [{ snapshot: snapshots[source], ahead: false, epoch: null }]
    },
  }
  const signals = localSignals()
  const service = { name: 'a', epoch: 1, ports: { database, signals } } as unknown as Service
  const start = { epoch: 0, txid: '0', pos: 0 }
  const reader = new Reader(service, 'm', {
    consumer: 'a',
    lease: 1,
    clean: true,
    at: new Map([...'ab'].map((source) => [source, start])),
  })
  const readBy = async () => {
    read.length = 0
    await reader.poll(10)
    return read.join('')
  }
  expect(await readBy()).toBe('ab')
  expect(await readBy()).toBe('')
  signals.send([saidSignal('m', 'b')])
  snapshots.b = '8:9:8'
  expect(await readBy()).toBe('b')
  snapshots.b = '9:9:'
  expect(await readBy()).toBe('b')
  expect(await readBy()).toBe('')
  await eventually(async () => (await readBy()) === 'ab')
})
