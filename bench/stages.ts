import { placeOrder } from '@comptoir/contracts'
import { quantile } from './statistics.ts'
import type { Trace } from './trace.ts'

/** How long the sagas of a load took from one point of their way to the next (milliseconds). */
export interface Stage {
  readonly stage: string
  readonly p50: number
  readonly p99: number
}

const end = placeOrder.end.message.name

/**
 * The stages of all steps in their order. The first step is handled as its order is accepted; each other is begun by the
 * message that the one before it sent.
 *
 * @param relayed whether a broker stands between
 */
export function stagesOf(trace: Trace, relayed: boolean): Stage[] {
  const stages: Stage[] = []
  const add = (stage: string, from: string, to: string) => {
    const times = trace.between(from, to)
    stages.push({ stage, p50: quantile(times, 0.5), p99: quantile(times, 0.99) })
  }
  let message: string | undefined
  for (const step of placeOrder.steps) {
    const sent = step === placeOrder.steps.at(-1) ? end : step.done.name
    if (message === undefined) add(`${step.name}: accepted to stored`, 'accepted', `${sent} stored`)
    else {
      if (relayed) {
        add(`${step.name}: stored to relayed`, `${message} stored`, `${message} relayed`)
        add(`${step.name}: relayed to received`, `${message} relayed`, `${message} received`)
      } else add(`${step.name}: stored to received`, `${message} stored`, `${message} received`)
      add(`${step.name}: received to handled`, `${message} received`, `${sent} stored`)
    }
    message = sent
  }
  return stages
}

/** Whole sagas, from the moment the order was to be placed to the commit of the end (milliseconds). */
export const wholeSagas = (trace: Trace): number[] => trace.between('accepted', `${end} stored`)
