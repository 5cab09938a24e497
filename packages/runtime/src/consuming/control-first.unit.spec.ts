import { expect, it } from 'vitest'
import type { Inlet } from '../log/inlet.ts'
import type { LoggedMessage } from '../log/log.ts'
import type { Transaction } from '../ports/database.ts'
import { ControlFirst } from './control-first.ts'

/** An inlet of messages that bear these names; says what is done with it. */
function inletOf(name: string, names: readonly string[], log: string[]) {
  let pending = names.map((key) => ({ key }) as LoggedMessage)
  let wake = () => {}
  const inlet: Inlet & { arrive: (key: string) => void } = {
    get pending() {
      return pending
    },
    poll: async () => void log.push(`${name} polled`),
    next: (limit) => pending.slice(0, limit),
    take: async (_tx, messages) => void log.push(`${name} took ${messages.map(({ key }) => key).join()}`),
    drop(count) {
      pending = pending.slice(count)
    },
    rewind: () => void log.push(`${name} rewound`),
    wait: (_ms, abort) =>
      new Promise((resolve) => {
        wake = resolve
        abort.addEventListener('abort', () => {
          log.push(`${name} waits no longer`)
          resolve()
        })
      }),
    arrive(key) {
      pending = [...pending, { key } as LoggedMessage]
      wake()
    },
  }
  return inlet
}

const tx = {} as Transaction
const keysOf = (messages: readonly LoggedMessage[]) => messages.map(({ key }) => key).join()

it('hands out control messages first, and takes and drops where they came from', async () => {
  const log: string[] = []
  const inlet = new ControlFirst(inletOf('control', ['c1', 'c2'], log), inletOf('normal', ['n1', 'n2'], log))
  await inlet.poll(10)
  const handed: string[] = []
  for (let batch = inlet.next(1); batch.length > 0; batch = inlet.next(1)) {
    handed.push(keysOf(batch))
    await inlet.take(tx, batch)
    inlet.drop(1)
  }
  expect(handed).toEqual(['c1', 'c2', 'n1', 'n2'])
  inlet.rewind()
  expect(log).toEqual([
    ...['control polled', 'normal polled'],
    ...['control took c1', 'control took c2', 'normal took n1', 'normal took n2'],
    ...['control rewound', 'normal rewound'],
  ])
})

it('holds the normal ones back until it is told', async () => {
  const log: string[] = []
  const control = inletOf('control', [], log)
  const inlet = new ControlFirst(control, inletOf('normal', ['n1'], log))
  let free = () => {}
  inlet.holdBack(new Promise<void>((resolve) => (free = resolve)))
  expect(inlet.next(10)).toEqual([])
  control.arrive('c1')
  expect(keysOf(inlet.next(10))).toBe('c1')
  inlet.drop(1)
  const waiting = inlet.wait(60_000, new AbortController().signal)
  free()
  await waiting
  expect(keysOf(inlet.next(10))).toBe('n1')
})

it('waits for whichever comes first, and leaves no wait behind', async () => {
  const log: string[] = []
  const [control, normal] = [inletOf('control', [], log), inletOf('normal', [], log)]
  const inlet = new ControlFirst(control, normal)
  for (const either of [control, normal]) {
    log.length = 0
    const waiting = inlet.wait(60_000, new AbortController().signal)
    either.arrive('x')
    await waiting
    expect(log).toEqual(['control waits no longer', 'normal waits no longer'])
  }
  const abort = new AbortController()
  const waiting = inlet.wait(60_000, abort.signal)
  abort.abort()
  await waiting
})
