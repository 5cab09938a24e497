import { DueWork } from '../due-work.ts'
import type { Service } from '../service.ts'

/** Few at a time: while older code is the one that tries again what is held, they only come back. */
const atOnce = 100

/**
 * Lets the messages of a mailbox that is shared go on that an instance with older code has held, because it does not know
 * their declaration, and this code does. (Of a mailbox with one consumer at a time, the next one finds them at its start.)
 */
export const unknownMessages = (service: Service): DueWork =>
  new DueWork(service, 'unknown', async (unit) => {
    unit.write(
      `update ${service.name}.held_message set state = 'retry', due = comptoir.now() where id in (
         select id from ${service.name}.held_message where state = 'unknown' and definition = any($1::text[])
         order by id limit $2::int for update skip locked)`,
      [service.routing.definitions, atOnce],
    )
    // None that would be looked for again before the next second.
    return 0
  })
