import type { Unit } from '@comptoir/runtime'

/** An order whose saga needs a person says so; when the saga goes on, its next step gives the order its state again. */
export async function orderAttention(
  unit: Unit,
  sagas: readonly { readonly subject: string | null; readonly needed: boolean }[],
): Promise<void> {
  const needed = sagas.flatMap(({ subject, needed }) => (needed && subject !== null ? [Number(subject)] : []))
  const rows = await unit.query<{ id: number }>(
    `update store.orders set status = 'NEEDS_ATTENTION', version = version + 1 where id = any($1::bigint[]) and status in ('PENDING', 'CANCELLING') returning id`,
    [needed],
  )
  unit.changed(
    'order',
    rows.map((row) => row.id),
  )
}
