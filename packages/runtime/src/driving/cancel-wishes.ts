import { afterCancelWish, type CancelWish, type Cause } from '@comptoir/saga'
import type { Driven, EventHandler } from '../participant.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { lockDrives, move } from './driving.ts'

/** What becomes of a wish to cancel a driven saga; unknown: it has ended, or is not driven here. */
export type WishFate = CancelWish['kind'] | 'unknown'

/**
 * Wishes to cancel sagas that a service drives: those whose pivot is not done have their awaited step settled, and that decides.
 *
 * @param causes what the ends of the sagas say when the wishes win, by saga
 */
export async function wishAll(
  unit: UnitOfWork,
  schema: string,
  driven: ReadonlyMap<string, Driven>,
  causes: ReadonlyMap<string, Cause>,
): Promise<ReadonlyMap<string, WishFate>> {
  const drives = await lockDrives(unit, schema, driven, 'saga = any($1::uuid[])', [[...causes.keys()]])
  const fates = new Map<string, WishFate>([...causes.keys()].map((id) => [id, 'unknown']))
  await move(unit, schema, driven, drives, ({ id, saga, driving, known }) => {
    const cause = causes.get(id)
    if (!cause) return undefined
    const wish = afterCancelWish(saga, driving, cause)
    fates.set(id, wish.kind)
    return wish.kind === 'accepted' ? { driving: wish.driving, known } : undefined
  })
  return fates
}

/**
 * Hears of other services that they want sagas cancelled which are driven here. The event's key is the saga.
 *
 * @param event its type, and who sends it
 * @param schema the service that drives
 * @param causeOf what the end of the saga says when the wish wins
 */
export function cancelWishes<Data>(
  { type, from }: { readonly type: string; readonly from: string },
  schema: string,
  drives: readonly Driven[],
  causeOf: (data: Data) => Cause,
): EventHandler<Data> {
  const driven = new Map(drives.map((one) => [one.saga.id, one]))
  return {
    type,
    from: [from],
    async handle(unit, events) {
      const causes = new Map(events.map(({ key, data }) => [key, causeOf(data)]))
      // Every unit of the runtime is one; the interface only hides how it drives.
      await wishAll(unit as UnitOfWork, schema, driven, causes)
    },
  }
}
