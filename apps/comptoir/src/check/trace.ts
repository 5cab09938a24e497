import type { Unit, Value } from '@comptoir/runtime'

/** What a handler did with its unit of work, as it was recorded. */
export interface Trace {
  readonly statements: Map<string, readonly Value[]>
  /** Tables whose rows it had locked. */
  readonly locks: Set<string>
  /** Business events, with the service they went to. */
  readonly sends: Map<string, string>
  /** Names of the sagas that it began. */
  readonly begins: Set<string>
}

export const emptyTrace = (): Trace => ({ statements: new Map(), locks: new Set(), sends: new Map(), begins: new Set() })

/** Adds what was done in one transaction, once it is committed. */
export function add(trace: Trace, done: Trace): void {
  for (const [text, values] of done.statements) trace.statements.set(text, values)
  for (const table of done.locks) trace.locks.add(table)
  for (const [type, to] of done.sends) trace.sends.set(type, to)
  for (const saga of done.begins) trace.begins.add(saga)
}

/** The unit, which notes in the trace what is asked of it. */
export function recorded(unit: Unit, trace: Trace): Unit {
  const recording: Omit<Unit, keyof Brand> = {
    query(text, values = []) {
      trace.statements.set(text, values)
      return unit.query(text, values)
    },
    write(text, values = []) {
      trace.statements.set(text, values)
      unit.write(text, values)
    },
    newId: () => unit.newId(),
    publish(event) {
      trace.sends.set(event.type, event.to)
      unit.publish(event)
    },
    changed: (kind, ids) => unit.changed(kind, ids),
    begin(saga, beginnings) {
      trace.begins.add(saga.name)
      unit.begin(saga, beginnings)
    },
    settle: (saga, id, reason) => unit.settle(saga, id, reason),
    locked: (name) => unit.locked(name),
  }
  // It stands within the transaction of the unit that it passes everything to.
  return recording as Unit
}

/** The mark of a transaction, which exists in the types only. */
type Brand = { [K in keyof Unit as K extends string ? never : K]: Unit[K] }
