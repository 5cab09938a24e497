import type { Delivery } from '@comptoir/runtime'

export type RefusalReason = NonNullable<Delivery['refused']>['reason']

/** A record that is no message of ours. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly reason: RefusalReason
  constructor(reason: RefusalReason, detail: string) {
    super(detail)
    this.reason = reason
  }
}
