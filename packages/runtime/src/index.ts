export { BrokerConsumer } from './consuming/broker-consumer.ts'
export type { Consumer } from './consuming/consume.ts'
export { LogConsumer } from './consuming/log-consumer.ts'
export { endLosses, lossText, type OpenLoss, openLosses } from './consuming/losses.ts'
export { type CrashPoint, crashPoint, crashPoints } from './crash-points.ts'
export { type Diagnostics, listen, tell } from './diagnostics.ts'
export { CallDriver, type CallStep, StepCallError } from './driving/call-driver.ts'
export { cancelWishes } from './driving/cancel-wishes.ts'
export { type Beginning as DriveBeginning, cancelDriven, Driver } from './driving/driver.ts'
export type { Drive, DrivingStyle } from './driving/driving.ts'
export { retryDriven } from './driving/failed-calls.ts'
export { type StepCall, StepCalls, UnknownStepError } from './driving/step-calls.ts'
export { DueWork } from './due-work.ts'
export { grouped } from './grouped.ts'
export { homeDeadlines, settle } from './home/deadlines.ts'
export { type Entrance, Entry } from './home/entry.ts'
export { noteAct, type OperatorAct } from './home/operator-acts.ts'
export { type PauseFate, pauseAt, pauseSaga, resumeSaga } from './home/pausing.ts'
export { claimKeys, type KeyClaim, rememberAnswer } from './idempotency.ts'
export { DatabaseLeases } from './leading/database-leases.ts'
export { soleLeases } from './leading/leading.ts'
export { raiseEpoch } from './log/epoch.ts'
export { type Lag, readLag } from './log/lag.ts'
export type { LoggedMessage } from './log/log.ts'
export { Relay } from './log/relay.ts'
export { keepPartitions, retentionMs } from './log/retention.ts'
export {
  drivingMigrations,
  engineMigrations,
  engineTables,
  MigrationChangedError,
  MigrationForbiddenError,
  type Migrations,
  migrate,
  pendingMigrations,
  sharedMigrations,
} from './migrate.ts'
export {
  type Driven,
  type Ending,
  type EventHandler,
  each,
  type Handler,
  type Home,
  type Lockable,
  type Locks,
  type Participant,
  participant,
  type ReceivedEvent,
} from './participant.ts'
export { type Broker, BrokerError, type Delivery, type Loss, type Subscription } from './ports/broker.ts'
export type { Clock, Ids, Random } from './ports/clock.ts'
export {
  type Database,
  DatabaseError,
  isDoubtful,
  isOutOfRoom,
  isShutOut,
  isTransient,
  isUniqueViolation,
  type Queryable,
  type Row,
  type Transaction,
  type Value,
} from './ports/database.ts'
export type { Lease, Leases } from './ports/leases.ts'
export { type Entry as ReadEntry, type Reading, type ReadStore, ReadStoreError } from './ports/read-store.ts'
export type { Signals } from './ports/signals.ts'
export { awaitedSignal, holdProjection, type Project, Projector, projectedSignal } from './projecting/projector.ts'
export { enteredSignal, ReadStoreProjector, type ReadStoreSource, vouchMs } from './projecting/read-store-projector.ts'
export { byDefinition, lonePorts, type Ports, Service, type ServiceOptions, sagaName } from './service.ts'
export { localSignals } from './signals/local-signals.ts'
export { type NotifySignalsOptions, notifySignals } from './signals/notify-signals.ts'
export { firstUuidAt, systemClock, systemIds, systemRandom } from './system.ts'
export type { Beginning, OutgoingEvent, Unit, Work } from './unit.ts'
export { changesMailbox, controlMailbox, driverMailbox, feedMailbox, mailboxesOf } from './unit-of-work.ts'
export { type OpenSagas, recordDeclarations } from './versions/declarations.ts'
export { refuseStranded, type StrandedSagas, StrandedSagasError, type SurveyedSagas, surveySagas } from './versions/stranded.ts'
export { unknownMessages } from './versions/unknown-messages.ts'
