import { expect, it } from 'vitest'
import { localSignals } from './local-signals.ts'
import { Reader } from './reader.ts'
import type { Service } from './service.ts'

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
