import type { Saga } from '@comptoir/saga'
import { noteAttention } from '../home/home.ts'
import type { UnitOfWork } from '../unit-of-work.ts'

/** Says at the row of a driven saga that a person is needed, or (no note) no longer, and tells its home. */
export async function tellDrivenAttention(
  unit: UnitOfWork,
  schema: string,
  { id, saga }: { readonly id: string; readonly saga: Saga },
  note: string | null,
): Promise<void> {
  const driven = await noteAttention(unit, schema, id, note)
  if (driven) unit.tellAttention(saga.home, saga, id, { note, driven })
}
