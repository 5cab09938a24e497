import type { Static, TSchema } from 'typebox'

declare const data: unique symbol

/** A message that a saga may produce: its name (the CloudEvents type) and the JSON Schema of its data. */
export interface Message<Name extends string = string, Data = unknown> {
  readonly name: Name
  readonly schema: TSchema
  readonly [data]?: Data
}

/** Declares a message: `message('OrderCreated', Type.Object({ order_id: Type.Integer() }))`. */
export function message<const Name extends string, S extends TSchema>(name: Name, schema: S): Message<Name, Static<S>> {
  return { name, schema }
}

/** The data type of a message. */
export type DataOf<M> = M extends Message<string, infer D> ? D : never
