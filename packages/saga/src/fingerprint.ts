import type { Saga } from './definition.ts'

/** FNV-1a, 64 bit, as 16 hexadecimal digits. */
export function hash64(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (const char of text) hash = BigInt.asUintN(64, (hash ^ BigInt(char.codePointAt(0) ?? 0)) * 0x100000001b3n)
  return hash.toString(16).padStart(16, '0')
}

/**
 * A hash of what must agree between two services for their messages to mean the same: names, kinds, places and
 * messages. Schemas are left out: a new optional field must not strand running sagas.
 */
export function fingerprint(saga: Omit<Saga, 'id'>): string {
  const shape = saga.steps.map((s) => [
    s.name,
    s.kind,
    s.at,
    s.done.name,
    s.failed?.name ?? '',
    s.undo?.name ?? '',
    s.undo?.done.name ?? '',
  ])
  return hash64(JSON.stringify([saga.name, saga.home, saga.end.message.name, shape]))
}
