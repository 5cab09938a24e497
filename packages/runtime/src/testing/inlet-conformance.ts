import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { LoggedMessage } from '../log/log.ts'
import type { Database } from '../ports/database.ts'
import type { Service } from '../service.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { byKey, firstComings, Mail, newKeys, page, readUntil } from './inlet-mail.ts'
import { inletWaits } from './inlet-waits.ts'
import type { InletWay, OpenInlet } from './inlet-ways.ts'
import { trip } from './trip.ts'

/** Where inlets differ. */
export interface InletFeatures {
  /** Several inlets of a mailbox share its keys; otherwise the newest has them all, and fences those before it. */
  readonly sharing: boolean
  /** The position is committed with the effects; otherwise after them, and what was only committed comes again. */
  readonly atomic: boolean
  /** What comes is pending at once; otherwise when it is polled. */
  readonly unasked: boolean
  /** Whether transactions of the database overlap. */
  readonly concurrent: boolean
}

/**
 * What every Inlet does, whatever brings the messages.
 *
 * @param open called once, for a database of its own
 */
export function inletConformance(name: string, open: () => Promise<InletWay>, features: InletFeatures): void {
  describe(`${name} is an Inlet`, () => {
    let way: InletWay
    let mail: Mail
    const mails: Mail[] = []
    const newMail = async (mailbox?: string) => {
      const one = await Mail.create(way, mailbox)
      mails.push(one)
      return one
    }

    beforeAll(async () => {
      way = await open()
    })
    beforeEach(async () => {
      mail = await newMail()
    })
    afterEach(async () => {
      for (const one of mails.splice(0)) await one.close()
    })
    afterAll(() => way?.close())

    it('brings messages as they were said and as they lie in the log, each field of them', async () => {
      const noted = { text: 'Zoë says "¡olé!" \u2028 𝄞 \\ \u0000 end', nested: [[{ amount: 12.5, none: null }]] }
      const begun = { input: { n: 7 }, text: noted.text }
      const [first = '', second = ''] = newKeys(2)
      const [, sender] = mail.senders
      await sender.commit(
        async (unit: UnitOfWork) => {
          unit.publish({ to: mail.name, type: 'Noted', key: first, data: noted })
          const target = { kind: 'step', at: mail.name, step: 'book', phase: 'do' } as const
          unit.sendText(trip, second, { type: 'TripBegun', target }, JSON.stringify(begun))
        },
        'work.beforeCommit',
        'work.afterCommit',
      )
      const { inlet } = await mail.open()
      await readUntil(inlet, 2)
      const inLog = await logged(way.database, sender, mail.name)
      expect(inLog.map(({ key, type, id, definition, body }) => [key, type, typeof id, definition, JSON.parse(body)])).toEqual([
        [first, 'Noted', 'string', null, noted],
        [second, 'TripBegun', 'object', trip.id, begun],
      ])
      const byType = (a: LoggedMessage, b: LoggedMessage) => (a.type < b.type ? -1 : 1)
      expect(inlet.pending.map(toTheMillisecond).sort(byType)).toEqual(inLog.map(toTheMillisecond))
    })

    it('F1, I7: brings nothing of a transaction that rolled back', async () => {
      const [key = ''] = newKeys(1)
      const [sender] = mail.senders
      await mail.say(sender, [key])
      const rollback = async () => {
        throw new Error('no')
      }
      await expect(mail.say(sender, [key, key], rollback)).rejects.toThrow('no')
      const { inlet } = await mail.open()
      expect(await mail.rest(inlet)).toEqual(mail.said)
    })

    it('F11: loses nothing that was said before anybody read', async () => {
      await mail.saySome(60, newKeys(20))
      const { inlet } = await mail.open()
      await readUntil(inlet, 60)
      expect(byKey(inlet.pending)).toEqual(mail.said)
    })

    it('F10: keeps the order of each key, whoever else says something at the same time', async () => {
      const opened = await mail.open()
      const writers = [0, 1, 2, 3].map((number) => ({ sender: mail.senders[(number % 2) as 0 | 1], keys: newKeys(5) }))
      const writing = Promise.all(
        writers.map(async ({ sender, keys }, number) => {
          for (let turn = 0; turn < 50; turn += 1) {
            const some = [0, 1, 2].map((n) => keys[(turn * (number + 1) + n) % keys.length] ?? '')
            await mail.say(sender, some)
          }
        }),
      )
      await mail.handleAll([opened], () => mail.handled.length >= 600)
      await writing
      expect(byKey(mail.handled)).toEqual(mail.said)
    })

    it('hands out the first that are pending, up to the limit, and each key once', async () => {
      const [a = '', b = '', c = '', d = '', e = ''] = newKeys(5)
      const opened = await mail.open()
      const { inlet } = opened
      expect(inlet.next(10)).toEqual([])
      await mail.say(mail.senders[0], [a, b, c, a, a, d, b, e, c, d])
      if (!features.unasked) expect(inlet.next(10)).toEqual([])
      await readUntil(inlet, 10)
      while (inlet.pending.length > 0) {
        const { pending } = inlet
        for (let limit = 1; limit <= pending.length + 1; limit += 1) {
          const batch = inlet.next(limit)
          expect(batch).toEqual(pending.slice(0, batch.length))
          const keys = new Set(batch.map(({ key }) => key))
          expect(keys.size).toBe(batch.length)
          const following = pending[batch.length]
          expect(batch.length === limit || following === undefined || keys.has(following.key)).toBe(true)
        }
        await mail.handle(opened, inlet.next(3))
      }
      expect(byKey(mail.handled)).toEqual(mail.said)
    })

    it('keeps mailboxes apart', async () => {
      const others = await Promise.all(
        [`${mail.name}.changes`, `${mail.name}b`, mail.name.slice(0, -1)].map((one) => newMail(one)),
      )
      const all = [mail, ...others]
      for (const [index, one] of all.entries()) await one.saySome(8 + 2 * index, newKeys(4))
      const inlets = await Promise.all(all.map((one) => one.open()))
      for (const [index, one] of all.entries()) {
        const { inlet } = inlets[index] as OpenInlet
        expect(await one.rest(inlet)).toEqual(one.said)
      }
    })

    it('F3: brings again what was taken in a transaction that rolled back, or not at all, and only that', async () => {
      await mail.saySome(40, newKeys(20))
      const first = await mail.open()
      await readUntil(first.inlet, 40)
      await mail.handleSome(first, 25)
      await mail.takeInVain(first, first.inlet.next(10))
      await first.close()
      const next = await mail.open()
      expect(await mail.rest(next.inlet)).toEqual(mail.left)
    })

    it('F3: hands out what was taken in vain again, and takes a part of it as well', async () => {
      await mail.saySome(40, newKeys(40))
      const opened = await mail.open()
      await readUntil(opened.inlet, 40)
      const batch = opened.inlet.next(30)
      expect(batch).toHaveLength(30)
      await mail.takeInVain(opened, batch)
      expect(opened.inlet.next(30)).toEqual(batch)
      await mail.handle(opened, batch.slice(0, 15))
      await mail.takeInVain(opened, batch.slice(15))
      await opened.close()
      const next = await mail.open()
      expect(await mail.rest(next.inlet)).toEqual(mail.left)
    })

    it(`F3: ${features.atomic ? 'brings nothing' : 'brings all'} again that was committed by a process that died then`, async () => {
      await mail.saySome(20, newKeys(20))
      const first = await mail.open()
      await readUntil(first.inlet, 20)
      const batch = first.inlet.next(10)
      await way.database.transaction((tx) => first.inlet.take(tx, batch))
      await first.close()
      if (features.atomic) mail.handled.push(...batch)
      const next = await mail.open()
      expect(await mail.rest(next.inlet)).toEqual(mail.left)
    })

    it('F23: brings everything that was not handled after a rewind, and nothing else', async () => {
      await mail.saySome(40, newKeys(20))
      const opened = await mail.open()
      await readUntil(opened.inlet, 40)
      await mail.handleSome(opened, 15)
      await mail.takeInVain(opened, opened.inlet.next(7))
      opened.inlet.rewind()
      await readUntil(opened.inlet, 25)
      await mail.handleSome(opened, 5)
      opened.inlet.rewind()
      opened.inlet.rewind()
      expect(await mail.rest(opened.inlet)).toEqual(mail.left)
    })

    it('F6, F9: another one takes over, with nothing lost and each key in order', async () => {
      await mail.saySome(120, newKeys(24))
      const first = await mail.open()
      await readUntil(first.inlet, 120)
      await mail.handleSome(first, 30)
      const second = await mail.open()
      const fenced = await mail.handleAll([first, second], async () => {
        const isTaken = mail.handledBy(second) > 0
        if (mail.isHandled && !isTaken) await mail.sayMore()
        return mail.isHandled && isTaken
      })
      expect(fenced).toEqual(features.sharing ? [] : [first])
      await first.close()
      await mail.sayMore()
      await mail.handleAll([second], () => mail.isHandled)
      expect(byKey(features.atomic ? mail.handled : firstComings(mail.handled))).toEqual(mail.said)
    })

    for (const late of [0, 1])
      it.runIf(features.concurrent)(
        `F19: brings what was said in a transaction that ended late, ${late} of it handled`,
        async () => {
          const [sender] = mail.senders
          await mail.say(sender, newKeys(1))
          const first = await mail.open()
          await readUntil(first.inlet, 1)
          await mail.handleSome(first, 1)
          await mail.say(sender, newKeys(3), async () => {
            await mail.say(sender, newKeys(5))
            await readUntil(first.inlet, 5)
            await mail.handleSome(first, 5)
          })
          if (late > 0) await readUntil(first.inlet, 3)
          await mail.handleSome(first, late)
          await first.close()
          const next = await mail.open()
          await mail.sayMore()
          await mail.handleAll([next], () => mail.isHandled)
          // What was handled may come again: the position stays before what was open.
          expect(byKey(firstComings(mail.handled))).toEqual(mail.said)
        },
      )

    it.skipIf(features.unasked)('reads on when fewer than enough wait, and only then', async () => {
      await mail.saySome(10, newKeys(10))
      const { inlet } = await mail.open()
      await readUntil(inlet, 10)
      await mail.saySome(6, newKeys(6))
      await inlet.poll(page)
      await inlet.poll(page, 10)
      expect(inlet.pending).toHaveLength(10)
      await inlet.poll(page, 11)
      expect(inlet.pending).toHaveLength(16)
    })

    describe('waiting', () => inletWaits(() => mail, features))
  })
}

/** What lies in a sender's log for a mailbox. */
const logged = (database: Database, { name }: Service, mailbox: string): Promise<LoggedMessage[]> =>
  database.query(
    `select '${name}' as source, epoch, txid, pos, key, type, id, definition, body, (extract(epoch from created) * 1000)::float8 as created
     from ${name}.log where mailbox = $1 order by type`,
    [mailbox],
  )

/** Its time is in whole milliseconds where it has been on a broker. */
const toTheMillisecond = (message: LoggedMessage): LoggedMessage => ({ ...message, created: Math.trunc(message.created) })
