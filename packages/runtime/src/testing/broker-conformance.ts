import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LoggedMessage } from '../log/log.ts'
import type { Broker, Delivery, Subscription } from '../ports/broker.ts'
import { systemIds } from '../system.ts'
import { eventually } from './eventually.ts'

/** What a broker can do beyond the contract's least. */
export interface BrokerFeatures {
  /** Several subscriptions of a mailbox share its keys; otherwise one of them has all. */
  readonly sharing: boolean
}

const ids = systemIds()
const DEADLINE_MS = 30_000

/** A message of a saga, or (`event`) one that belongs to none. */
export function loggedMessage(pos: number, key: string = ids.uuid(), event = false): LoggedMessage {
  return {
    source: 'store',
    epoch: 3,
    txid: '9007199254740993',
    pos,
    key,
    type: event ? 'StockCounted' : 'StockDecreased',
    id: event ? ids.uuid() : null,
    definition: event ? null : 'PlaceOrder/1/abcdef',
    body: JSON.stringify({ pos }),
    created: 1_900_000_000_123 + pos,
  }
}

/** As many messages, each of its own key unless some are given, which then take turns. */
export const loggedMessages = (count: number, keys: readonly string[] = []): LoggedMessage[] =>
  Array.from({ length: count }, (_, index) => loggedMessage(index, keys[index % keys.length]))

export const positionsOf = (messages: readonly (LoggedMessage | null)[]): (number | undefined)[] =>
  messages.map((message) => message?.pos)

/** Handles what arrives until the condition holds; answers all deliveries, in their order. */
export async function drain(
  subscriptions: readonly Subscription[],
  until: (delivered: readonly Delivery[]) => boolean,
  deadline = DEADLINE_MS,
): Promise<Delivery[]> {
  const delivered: Delivery[] = []
  await eventually(() => {
    for (const subscription of subscriptions) {
      const pending = [...subscription.pending]
      delivered.push(...pending)
      subscription.handled(pending.length)
    }
    return until(delivered)
  }, deadline)
  return delivered
}

export const messagesOf = (deliveries: readonly Delivery[]): LoggedMessage[] =>
  deliveries.flatMap(({ message }) => (message ? [message] : []))

/** Whether each of so many messages has come. */
export const allOf =
  (count: number) =>
  (delivered: readonly Delivery[]): boolean =>
    new Set(positionsOf(messagesOf(delivered))).size >= count

/** Whether it is in the group and receives. */
export const joined = (subscription: Subscription) => () => subscription.generation > 0 && subscription.trouble === null

/**
 * What every Broker must do.
 *
 * @param open connects a service to a broker that all tests share
 */
export function brokerConformance(name: string, open: (service: string) => Promise<Broker>, features: BrokerFeatures): void {
  describe(`${name} is a Broker`, () => {
    const opened: Broker[] = []
    let broker: Broker
    let mailbox: string
    const another = async (service: string) => {
      const one = await open(service)
      opened.push(one)
      return one
    }

    beforeEach(async () => {
      broker = await another('store')
      mailbox = `conformance-${ids.uuid()}`
      await broker.prepare([mailbox])
    })
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((one) => one.close()))
    })

    it('brings messages as they were published, each field of them', async () => {
      const body = JSON.stringify({ text: 'Zoë says "¡olé!" \u2028 𝄞 \\ \u0000 end', nested: [[{ amount: 12.5, none: null }]] })
      const sent = [
        loggedMessage(1),
        { ...loggedMessage(2, undefined, true), body },
        { ...loggedMessage(3), epoch: 1, txid: '0', pos: 0 },
      ]
      await broker.publish(mailbox, sent)
      await broker.publish(mailbox, [])
      const subscription = broker.subscribe(mailbox)
      await eventually(() => subscription.pending.length === 3, DEADLINE_MS)
      expect(subscription.pending.map(({ refused }) => refused)).toEqual([null, null, null])
      const byKey = (a: LoggedMessage, b: LoggedMessage) => (a.key < b.key ? -1 : 1)
      expect(messagesOf(subscription.pending).sort(byKey)).toEqual(sent.sort(byKey))
      expect(new Set(subscription.pending.map(({ place }) => place)).size).toBe(3)
    })

    it('F11: loses nothing that was published before anybody subscribed', async () => {
      const sent = loggedMessages(50)
      await broker.publish(mailbox, sent)
      await broker.close()
      const reader = await another('payments')
      const delivered = await drain([reader.subscribe(mailbox)], allOf(50))
      expect(delivered).toHaveLength(50)
    })

    it('says how much of a mailbox nobody has handled, whoever reads it', async () => {
      await broker.publish(mailbox, loggedMessages(20))
      expect(await broker.behind(mailbox)).toBe(20)
      const subscription = (await another('reader')).subscribe(mailbox)
      await eventually(() => subscription.pending.length === 20, DEADLINE_MS)
      subscription.handled(5)
      subscription.handled(15)
      await eventually(async () => (await broker.behind(mailbox)) === 0, DEADLINE_MS)
    })

    it('F10: keeps the order of each key, whoever else publishes', async () => {
      const subscription = broker.subscribe(mailbox)
      const writers = await Promise.all([1, 2, 3].map((n) => another(`writer-${n}`)))
      const keys = await Promise.all(
        writers.map(async (writer) => {
          const own = [ids.uuid(), ids.uuid(), ids.uuid(), ids.uuid()]
          const messages = loggedMessages(200, own)
          for (let at = 0; at < messages.length; at += 7) await writer.publish(mailbox, messages.slice(at, at + 7))
          return own
        }),
      )
      const delivered = messagesOf(await drain([subscription], (all) => all.length >= 600))
      for (const [index, key] of keys.flat().entries()) {
        const positions = positionsOf(delivered.filter((message) => message.key === key))
        expect(positions).toEqual(Array.from({ length: 50 }, (_, n) => 4 * n + (index % 4)))
      }
    })

    it('F3: brings again what was not handled', async () => {
      await broker.publish(mailbox, loggedMessages(30))
      const first = broker.subscribe(mailbox)
      await eventually(() => first.pending.length === 30, DEADLINE_MS)
      await first.close()
      const delivered = await drain([broker.subscribe(mailbox)], allOf(30))
      expect(delivered).toHaveLength(30)
    })

    it('forgets what was handled before the close, and only that', async () => {
      await broker.publish(mailbox, loggedMessages(40))
      const first = broker.subscribe(mailbox)
      await eventually(() => first.pending.length === 40, DEADLINE_MS)
      const handled = positionsOf(messagesOf(first.pending.slice(0, 25)))
      first.handled(10)
      first.handled(15)
      expect(first.pending).toHaveLength(15)
      await first.close()
      const second = broker.subscribe(mailbox)
      await eventually(() => second.pending.length >= 15, DEADLINE_MS)
      await second.arrival(300)
      const rest = positionsOf(messagesOf(second.pending))
      expect(rest).toHaveLength(15)
      expect([...handled, ...rest].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 40 }, (_, n) => n))
    })

    it('wakes who waits for an arrival, also when it came a moment before', async () => {
      const subscription = broker.subscribe(mailbox)
      await eventually(joined(subscription), DEADLINE_MS)
      const come = async () => {
        while (subscription.pending.length === 0) await subscription.arrival(60_000)
        subscription.handled(subscription.pending.length)
      }
      const waiting = come()
      await broker.publish(mailbox, [loggedMessage(1)])
      await waiting
      await broker.publish(mailbox, [loggedMessage(2)])
      await eventually(() => subscription.pending.length > 0, DEADLINE_MS)
      await subscription.arrival(60_000)
    })

    it('stops waiting when the time is over, when aborted and when closed', async () => {
      const subscription = broker.subscribe(mailbox)
      await eventually(joined(subscription), DEADLINE_MS)
      await subscription.arrival(1)
      await subscription.arrival(1)
      const abort = new AbortController()
      const aborted = subscription.arrival(60_000, abort.signal)
      abort.abort()
      await aborted
      await subscription.arrival(60_000, abort.signal)
      const closed = subscription.arrival(60_000)
      await subscription.close()
      await closed
      await subscription.close()
    })

    it('prepares a mailbox that is there already, from several instances at once, and keeps what is in it', async () => {
      await broker.publish(mailbox, loggedMessages(5))
      const others = await Promise.all([1, 2, 3].map((n) => another(`twin-${n}`)))
      const fresh = `conformance-${ids.uuid()}`
      await Promise.all([broker, ...others].map((one) => one.prepare([mailbox, fresh])))
      await broker.prepare([])
      await broker.publish(fresh, [loggedMessage(1)])
      expect(await drain([broker.subscribe(mailbox)], allOf(5))).toHaveLength(5)
    })

    it('keeps mailboxes apart', async () => {
      const other = `conformance-${ids.uuid()}`
      await broker.prepare([other])
      await Promise.all([broker.publish(mailbox, loggedMessages(20)), broker.publish(other, loggedMessages(10))])
      const subscriptions = [broker.subscribe(mailbox), broker.subscribe(other)] as const
      await eventually(() => subscriptions[0].pending.length >= 20 && subscriptions[1].pending.length >= 10, DEADLINE_MS)
      await Promise.all(subscriptions.map((subscription) => subscription.arrival(200)))
      expect(subscriptions.map(({ pending }) => pending.length)).toEqual([20, 10])
    })

    it('says that nothing more is behind when all has arrived', async () => {
      const subscription = broker.subscribe(mailbox)
      await broker.publish(mailbox, loggedMessages(20))
      await eventually(() => subscription.pending.length === 20 && subscription.behind === 0, DEADLINE_MS)
    })

    describe.runIf(features.sharing)('with several subscriptions of a mailbox', () => {
      it('gives each key to one of them, and tells both that their shares have changed', async () => {
        const first = broker.subscribe(mailbox)
        await eventually(joined(first), DEADLINE_MS)
        const before = first.generation
        const second = (await another('store')).subscribe(mailbox)
        await eventually(() => joined(second)() && first.generation > before && joined(first)(), DEADLINE_MS)
        const keys = Array.from({ length: 40 }, () => ids.uuid())
        // A fetch that was under way when the shares changed may still bring what belongs to the other by now.
        await eventually(async () => {
          await broker.publish(mailbox, loggedMessages(40, keys))
          await eventually(() => first.pending.length + second.pending.length >= 40, DEADLINE_MS)
          const [left, right] = [first, second].map(({ pending }) => new Set(messagesOf(pending).map(({ key }) => key)))
          for (const subscription of [first, second]) subscription.handled(subscription.pending.length)
          return left?.size !== 0 && right?.size !== 0 && (left?.size ?? 0) + (right?.size ?? 0) === keys.length
        }, DEADLINE_MS)
        await first.close()
        await broker.publish(mailbox, loggedMessages(40, keys))
        await drain([second], allOf(40))
      })

      it('F9: brings every message at least once and each key in order, while members join and leave', async () => {
        const keys = Array.from({ length: 30 }, () => ids.uuid())
        const messages = loggedMessages(1_500, keys)
        let published = false
        const publishing = (async () => {
          for (let at = 0; at < messages.length; at += 25) {
            await broker.publish(mailbox, messages.slice(at, at + 25))
            await new Promise((resolve) => setTimeout(resolve, 40))
          }
          published = true
        })()
        const members: Subscription[] = [broker.subscribe(mailbox)]
        const arrived = new Map<string, number[]>()
        const changing = (async () => {
          for (const leaves of [false, true, false, true]) {
            await eventually(() => members.every((member) => joined(member)()), DEADLINE_MS)
            if (leaves) await members.shift()?.close()
            else members.push((await another('store')).subscribe(mailbox))
          }
        })()
        const seen = new Set<number>()
        await eventually(() => {
          for (const member of members) {
            const pending = messagesOf(member.pending)
            for (const { key, pos } of pending) {
              // A first arrival never comes before an earlier message of its key has come.
              if (!seen.has(pos)) arrived.set(key, [...(arrived.get(key) ?? []), pos])
              seen.add(pos)
            }
            member.handled(pending.length)
          }
          return published && seen.size === messages.length
        }, 50_000)
        await Promise.all([publishing, changing])
        for (const positions of arrived.values()) expect(positions).toEqual([...positions].sort((a, b) => a - b))
      })
    })
  })
}
