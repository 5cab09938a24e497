import { Type } from 'typebox'

/** What the operator's API answers. */
export const Nullable = Type.Union([Type.String(), Type.Null()])
const Step = Type.Object({
  step: Type.String(),
  service: Type.String(),
  kind: Type.String(),
  status: Type.String(),
  reason: Nullable,
  at: Nullable,
  undone_at: Nullable,
  attempts: Type.Integer(),
  error: Nullable,
  waiting_since: Nullable,
  due: Nullable,
})
export const SagaAnswer = {
  saga_id: Type.String(),
  saga: Type.String(),
  version: Type.Integer(),
  style: Type.String(),
  status: Type.String(),
  state: Type.String(),
  reason: Nullable,
  attention: Nullable,
  paused: Type.Union([Type.Object({ since: Type.String(), by: Type.String(), reason: Nullable }), Type.Null()]),
  order_id: Type.Union([Type.Integer(), Type.Null()]),
  started_at: Type.String(),
  ended_at: Nullable,
  awaited: Type.Union([Type.Object({ step: Type.String(), phase: Type.String(), since: Type.String() }), Type.Null()]),
  steps: Type.Array(Step),
}
const Journal = Type.Array(
  Type.Object({
    at: Type.String(),
    service: Type.String(),
    step: Type.String(),
    phase: Type.String(),
    outcome: Type.String(),
    message: Type.String(),
    reason: Nullable,
  }),
)
const Acts = Type.Array(Type.Object({ at: Type.String(), act: Type.String(), by: Type.String(), reason: Nullable }))
/** Why a saga does not go on. */
export const StuckAnswer = {
  reason: Type.String(),
  detail: Type.String(),
  cure: Type.String(),
  step: Nullable,
  service: Nullable,
  since: Type.String(),
  attempts: Type.Integer(),
  due: Nullable,
}
export const StuckSagaAnswer = {
  saga_id: Type.String(),
  saga: Type.String(),
  style: Type.String(),
  status: Type.String(),
  order_id: Type.Union([Type.Integer(), Type.Null()]),
}
export const SagaDetailAnswer = {
  ...SagaAnswer,
  stuck: Type.Union([Type.Object(StuckAnswer), Type.Null()]),
  journal: Journal,
  acts: Acts,
}
/** A dead letter. */
export const Letter = Type.Object({
  id: Type.Integer(),
  service: Type.String(),
  saga_id: Type.String(),
  message: Type.String(),
  error: Nullable,
  attempts: Type.Integer(),
  since: Type.String(),
  parked: Type.Integer(),
})
