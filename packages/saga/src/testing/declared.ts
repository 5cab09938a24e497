import { Type } from 'typebox'
import { defineSaga } from '../define-saga.ts'
import type { Saga, StepDefinition, StepKind } from '../definition.ts'
import { type Message, message } from '../message.ts'

export const named = (name: string): Message => message(name, Type.Object({}))

/** A legal step of that kind; its states and messages are named after it. */
export function step(kind: StepKind, name: string, at = 'shop'): StepDefinition {
  return {
    name,
    kind,
    at,
    state: `DOING_${name}`,
    done: named(`${name}Done`),
    ...(kind === 'retriable' ? {} : { failed: named(`${name}Failed`) }),
    ...(kind === 'compensatable'
      ? { undo: { name: `${name}Back`, state: `UNDOING_${name}`, done: named(`${name}Undone`) } }
      : {}),
  }
}

interface LooseStage extends Record<StepKind, (name: string, spec: object) => LooseStage> {
  end(state: string, message: Message): Saga
}

interface Frame {
  readonly name: string
  readonly version: number
  readonly home: string
  readonly end: Saga['end']
}

/** A saga of those steps, declared as a program without types could: wrong declarations reach the checks. */
export function declared(steps: readonly StepDefinition[], frame: Partial<Frame> = {}): Saga {
  const { name = 'Sample', version = 1, home = 'shop', end = { state: 'ENDED', message: named('SampleEnded') } } = frame
  let stage = defineSaga(name, { version, home, input: Type.Object({}) }) as unknown as LooseStage
  for (const { name: id, kind, ...spec } of steps) stage = stage[kind](id, spec)
  return stage.end(end.state, end.message)
}

/** A legal saga whose steps s1, s2, … have those kinds. */
export const shaped = (kinds: readonly StepKind[]): Saga => declared(kinds.map((kind, index) => step(kind, `s${index + 1}`)))
