import { cancelOrder, placeOrder } from '@comptoir/contracts'
import {
  answerType,
  commandsOf,
  commandType,
  firstSending,
  type Phase,
  routesOf,
  type Saga,
  sendingAfter,
  stepOf,
} from '@comptoir/saga'

/*
 * The sagas' declarations as tables, for checks in SQL: what they say is derived from the declarations by the protocol's
 * own functions, so that no check repeats them.
 */

const sagas: readonly Saga[] = [placeOrder, cancelOrder]

const literal = (value: string | number | null): string =>
  value === null ? 'null' : typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`

const table = (name: string, columns: string, rows: readonly (readonly (string | number | null)[])[]): string =>
  `${name} (${columns}) as (values ${rows.map((row) => `(${row.map(literal).join(', ')})`).join(', ')})`

/** `step`: every declared step, numbered within its saga. */
const steps = table(
  'step',
  'definition, place, name, service, kind',
  sagas.flatMap((saga) => saga.steps.map((step, place) => [saga.id, place, step.name, step.at, step.kind])),
)

/** `sent`: the message that must follow when a step has become done, failed or undone; `ends` instead of it, at home. */
const sent = table(
  'sent',
  'definition, service, step, change, type, ends',
  sagas.flatMap((saga) =>
    saga.steps.flatMap((step) => {
      const changes = ['done', ...(step.failed ? ['failed'] : []), ...(step.undo ? ['undone'] : [])] as const
      return changes.map((change) => {
        const sending = sendingAfter(saga, step, change as 'done')
        const atHome = sending?.target.kind === 'end' && sending.target.at === step.at
        return [saga.id, step.at, step.name, change, sending?.type ?? null, atHome ? 'yes' : 'no']
      })
    }),
  ),
)

/** The inbox row that handling a phase leaves: a settle makes the outcome of the step's do definite. */
const doneAs = (phase: Phase) => (phase === 'settle' ? 'do' : phase)

/** The messages of a saga that is driven: commands to the steps, and their answers, which the driver takes. */
const driven = (saga: Saga) =>
  commandsOf(saga).flatMap((command) => [
    [saga.id, commandType(command), stepOf(saga, command.step).at, command.step, doneAs(command.phase)],
    [saga.id, answerType(command), 'orchestrator', null, 'end'],
  ])

/** `route`: where each message goes, and what it is there. */
const routes = table(
  'route',
  'definition, type, service, step, phase',
  sagas.flatMap((saga) => [
    ...driven(saga),
    ...[...routesOf(saga)].map(([type, target]) =>
      target.kind === 'step'
        ? [saga.id, type, target.at, target.step, doneAs(target.phase)]
        : [saga.id, type, target.at, null, 'end'],
    ),
  ]),
)

/** `opening`: the message that begins a saga, where it does not begin inside its first step. */
const openings = table(
  'opening',
  'definition, type, end_type',
  sagas.map((saga) => [saga.id, firstSending(saga).type, saga.end.message.name]),
)

const services = ['store', 'payments', 'orchestrator']
const all = (select: (service: string) => string) => services.map(select).join(' union all ')

/** `saga`: the sagas of both homes, whoever drives them. */
const homes = `saga as (select * from store.saga union all select * from orchestrator.saga)`
/** `said`: all logs; `times_said`: how often each message of a key was said. */
const said = `said as (${all((service) => `select '${service}' as source, mailbox, regexp_replace(mailbox, '[.]control$', '') as addressee, key, type, id, definition, body from ${service}.log`)})`
const timesSaid = `times_said as (select source, key, type, count(*) as n from said group by source, key, type)`
/** `handled`: all inboxes; `change`: what that made of steps. */
const handled = `handled as (${all((service) => `select '${service}' as service, id, step as name, phase, outcome from ${service}.inbox`)})`
const change = `change as (
  select service, id, name, case when phase = 'undo' then 'undone' when outcome = 'done' then 'done' else 'failed' end as change
  from handled where phase <> 'event')`

/** Put before a query, so that it can name these tables. */
export const declared = `with ${[steps, sent, routes, openings, homes, said, timesSaid, handled, change].join(', ')}`
/** The ids under which messages and sagas name the two declarations. */
export const placeOrderId = literal(placeOrder.id)
export const cancelOrderId = literal(cancelOrder.id)
