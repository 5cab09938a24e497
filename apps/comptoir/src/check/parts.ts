import type { Service } from '@comptoir/runtime'
import type { EventRoute, Saga, ServiceParts } from '@comptoir/saga'

/** What a service handles, found by asking its routing for every step and every event of the installation. */
export function partsOf(service: Service, sagas: readonly Saga[], events: readonly EventRoute[]): ServiceParts {
  const { name, routing } = service
  return {
    name,
    handlers: new Map(
      routing.definitions.map((id) => [
        id,
        handlersOf(
          service,
          sagas.find((saga) => saga.id === id),
        ),
      ]),
    ),
    events: new Set(events.flatMap(({ type }) => (routing.eventHandler(type) ? [type] : []))),
  }
}

function handlersOf({ routing }: Service, saga: Saga | undefined): Map<string, { readonly undo: boolean }> {
  const handlers = new Map<string, { readonly undo: boolean }>()
  if (!saga) return handlers
  for (const { name } of saga.steps) {
    try {
      handlers.set(name, { undo: routing.handler(saga, name).undo !== undefined })
    } catch {
      // It has none: that is what was asked.
    }
  }
  return handlers
}
