export { BrokerConsumer } from './broker-consumer.ts'
export { CallDriver, type CallStep, StepCallError } from './call-driver.ts'
export { cancelWishes } from './cancel-wishes.ts'
export type { Consumer } from './consume.ts'
export { type CrashPoint, crashPoint, crashPoints } from './crash-points.ts'
export { DatabaseLeases } from './database-leases.ts'
export { homeDeadlines, settle } from './deadlines.ts'
export { type OpenSagas, recordDeclarations } from './declarations.ts'
export { type Diagnostics, listen, tell } from './diagnostics.ts'
export { type Beginning as DriveBeginning, cancelDriven, Driver } from './driver.ts'
export type { Drive, DrivingStyle } from './driving.ts'
export { DueWork } from './due-work.ts'
export { type Entrance, Entry } from './entry.ts'
export { raiseEpoch } from './epoch.ts'
export { retryDriven } from './failed-calls.ts'
export { claimKeys, type KeyClaim, rememberAnswer } from './idempotency.ts'
export { type Lag, readLag } from './lag.ts'
export { soleLeases } from './leading.ts'
export { localSignals } from './local-signals.ts'
export type { LoggedMessage } from './log.ts'
export { LogConsumer } from './log-consumer.ts'
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
export { type NotifySignalsOptions, notifySignals } from './notify-signals.ts'
export { noteAct, type OperatorAct } from './operator-acts.ts'
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
export { type PauseFate, pauseAt, pauseSaga, resumeSaga } from './pausing.ts'
export { type Broker, BrokerError, type Delivery, type Subscription } from './ports/broker.ts'
export type { Clock, Ids, Random } from './ports/clock.ts'
export {
  type Database,
  DatabaseError,
  isDoubtful,
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
export { awaitedSignal, type Project, Projector, projectedSignal } from './projector.ts'
export { enteredSignal, ReadStoreProjector, type ReadStoreSource, vouchMs } from './read-store-projector.ts'
export { Relay } from './relay.ts'
export { keepPartitions, retentionMs } from './retention.ts'
export { byDefinition, lonePorts, type Ports, Service, type ServiceOptions, sagaName } from './service.ts'
export { type StepCall, StepCalls, UnknownStepError } from './step-calls.ts'
export { refuseStranded, type StrandedSagas, StrandedSagasError, type SurveyedSagas, surveySagas } from './stranded.ts'
export { firstUuidAt, systemClock, systemIds, systemRandom } from './system.ts'
export type { Beginning, OutgoingEvent, Unit, Work } from './unit.ts'
export { changesMailbox, controlMailbox, driverMailbox, feedMailbox, mailboxesOf } from './unit-of-work.ts'
export { unknownMessages } from './unknown-messages.ts'
