export { type AsyncApiDocument, type AsyncApiOptions, asyncApi, type EventDescription } from './asyncapi.ts'
export { checkDefinition } from './check.ts'
export { checkEventLoops, type EventEdge } from './check-event-loops.ts'
export { checkServices, type EventRoute, type ServiceParts } from './check-services.ts'
export { checkTogether } from './check-together.ts'
export {
  type Answer,
  answerTo,
  answerType,
  type Command,
  type CommandDecision,
  commandsOf,
  commandType,
  type Definite,
  decideCommand,
  parseAnswerType,
  parseCommandType,
} from './command.ts'
export {
  type CompensatableSpec,
  defineSaga,
  type Forward,
  type Onward,
  type PivotSpec,
  type RetriableSpec,
} from './define-saga.ts'
export {
  requested,
  type Saga,
  type Step,
  type StepDefinition,
  type StepKind,
  type Steps,
  stepOf,
  type UndoDefinition,
} from './definition.ts'
export { type Duration, durationText, milliseconds } from './duration.ts'
export { type CloudEvent, checkSize, type Enveloped, envelope, maxMessageBytes } from './envelope.ts'
export { MessageTooLargeError, SagaDefinitionError } from './errors.ts'
export { stateDiagram } from './mermaid.ts'
export { type DataOf, type Message, message } from './message.ts'
export { dataBefore, messageData } from './message-data.ts'
export {
  afterAnswer,
  afterCancelWish,
  afterTimeout,
  beginDriving,
  type CancelWish,
  type Driving,
} from './orchestration.ts'
export { type Cause, type Done, done, type Failed, failed, type Outcome } from './outcome.ts'
export { type Progress, progressOf, type StepStatus } from './progress.ts'
export {
  type Change,
  type Decision,
  deadlineOf,
  decide,
  firstSending,
  messageId,
  type Phase,
  routesOf,
  type Sending,
  type StepRecord,
  sendersOf,
  sendingAfter,
  settleSending,
  type Target,
} from './protocol.ts'
export { literalsOf, schemaText } from './schema-text.ts'
export { type SequenceStyle, sequenceDiagram, sequenceStyles } from './sequence-diagram.ts'
export type { PlacesOf, StepsAt, StepsOf, Task, UndoTask } from './task.ts'
export { traceParent } from './trace.ts'
export { stateOf, type Transition, transition, transitionsOf } from './transitions.ts'
