import type { Saga } from '@comptoir/saga'

/** What of a declaration its fingerprint covers: what must agree for messages to mean the same. Stored, so never renamed. */
export interface DeclarationParts {
  readonly home: string
  readonly end: string
  readonly steps: readonly StepParts[]
}
interface StepParts {
  readonly name: string
  readonly kind: string
  readonly at: string
  readonly done: string
  readonly failed: string | null
  readonly undo: string | null
  readonly undone: string | null
}

export const partsOf = ({ home, end, steps }: Saga): DeclarationParts => ({
  home,
  end: end.message.name,
  steps: steps.map(({ name, kind, at, done, failed, undo }) => ({
    name,
    kind,
    at,
    done: done.name,
    failed: failed?.name ?? null,
    undo: undo?.name ?? null,
    undone: undo?.done.name ?? null,
  })),
})

/** Whether a service begins such sagas, or runs a step of them. */
export const concerns = ({ home, steps }: DeclarationParts, service: string): boolean =>
  home === service || steps.some(({ at }) => at === service)

/** What a declaration has become, each change in words. Empty when only the name or the version differs. */
export function changesBetween(before: DeclarationParts, now: DeclarationParts): string[] {
  const [old, fresh] = [before, now].map(({ steps }) => new Map(steps.map((step) => [step.name, step])))
  const lasting = before.steps.filter(({ name }) => fresh?.has(name)).map(({ name }) => name)
  const order = now.steps.filter(({ name }) => old?.has(name)).map(({ name }) => name)
  return [
    ...change('its home', before.home, now.home),
    ...change('its end', before.end, now.end),
    ...now.steps.filter(({ name }) => !old?.has(name)).map(({ name }) => `step ${name} was added`),
    ...before.steps.flatMap((step) => stepChanges(step, fresh?.get(step.name))),
    ...(lasting.join() === order.join() ? [] : [`its steps come in the order ${order.join(', ')}`]),
  ]
}

function stepChanges(before: StepParts, now: StepParts | undefined): string[] {
  if (!now) return [`step ${before.name} was removed`]
  const parts = ['kind', 'at', 'done', 'failed', 'undo', 'undone'] as const
  return parts.flatMap((part) => change(`${part} of step ${before.name}`, before[part] ?? 'none', now[part] ?? 'none'))
}

const change = (what: string, before: string, now: string): string[] =>
  before === now ? [] : [`${what} was ${before} and is ${now}`]
