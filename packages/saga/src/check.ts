import { requested, type Saga, type StepDefinition } from './definition.ts'

/** Names become parts of message ids, tables, topics and diagrams; bounded, so that the attributes of a message are too. */
const forms = {
  name: { form: /^[A-Za-z][A-Za-z0-9]{0,63}$/, cure: 'take 1 to 64 letters and digits, a letter first' },
  place: { form: /^[A-Za-z][A-Za-z0-9_-]{0,63}$/, cure: 'take 1 to 64 letters, digits, - or _, a letter first' },
  state: {
    form: /^[A-Za-z][A-Za-z0-9_]{0,63}$/,
    cure: 'take 1 to 64 letters, digits or _, a letter first, such as DECREASING_STOCK',
  },
} as const

const misnamed = (owner: string, what: string, value: string, kind: keyof typeof forms): string[] =>
  forms[kind].form.test(value) ? [] : [`${owner}: ${what} ${JSON.stringify(value)} is no name: ${forms[kind].cure}`]

const wrongIf = (wrong: boolean, problem: string): string[] => (wrong ? [problem] : [])

/**
 * All that is wrong with a declaration, each as a sentence that names the step and the cure; empty when it can run.
 * With these rules every path ends (proved by property tests over generated declarations): each message belongs to one
 * step, so none is re-emitted by its own handler, and each step leads only to its neighbours.
 */
export function checkDefinition(saga: Omit<Saga, 'id'>): string[] {
  const owner = `saga ${saga.name}`
  const versioned = Number.isSafeInteger(saga.version) && saga.version >= 1
  return [
    ...misnamed(owner, 'its name', saga.name, 'name'),
    ...wrongIf(
      !versioned,
      `${owner}: version ${saga.version} must be a whole number from 1: begin with 1 and raise it with each change`,
    ),
    ...(saga.home ? misnamed(owner, 'home', saga.home, 'place') : [`${owner} has no home: name the service that begins it`]),
    ...wrongIf(saga.steps.length === 0, `${owner} has no steps: declare at least one before .end()`),
    ...misnamed(owner, 'end state', saga.end.state, 'state'),
    ...misnamed(owner, 'end message', saga.end.message.name, 'name'),
    ...saga.steps.flatMap((step) => [...checkStepNames(step), ...checkKind(step)]),
    ...checkOrder(saga.steps),
    ...checkOwners(saga),
  ]
}

function checkStepNames(step: StepDefinition): string[] {
  const owner = `step ${step.name}`
  const { failed, undo } = step
  return [
    ...misnamed(owner, 'its name', step.name, 'name'),
    ...wrongIf(
      step.name === 'input',
      `${owner} would hide the input of the saga, which later steps read under that name: rename it`,
    ),
    ...(step.at ? misnamed(owner, 'place', step.at, 'place') : [`${owner} has no place: say which service runs it with at`]),
    ...misnamed(owner, 'state', step.state, 'state'),
    ...misnamed(owner, 'done message', step.done.name, 'name'),
    ...(failed ? misnamed(owner, 'failed message', failed.name, 'name') : []),
    ...(undo ? misnamed(owner, 'undo', undo.name, 'name') : []),
    ...(undo ? misnamed(owner, 'undo state', undo.state, 'state') : []),
    ...(undo ? misnamed(owner, 'undo message', undo.done.name, 'name') : []),
  ]
}

function checkKind({ name, kind, failed, undo }: StepDefinition): string[] {
  const owner = `step ${name}`
  return [
    ...wrongIf(kind === 'compensatable' && !undo, `${owner} is compensatable but has no undo: declare one, or make it the pivot`),
    ...wrongIf(
      kind !== 'compensatable' && undo !== undefined,
      `${owner} is ${kind} and is never undone: remove its undo, or make it compensatable and declare it before the pivot`,
    ),
    ...wrongIf(
      kind !== 'retriable' && !failed,
      `${owner} can fail but has no failed message: declare one, or make it retriable and declare it after the pivot`,
    ),
    ...wrongIf(
      kind === 'retriable' && failed !== undefined,
      `${owner} is retriable and cannot fail: remove failed, or make it the pivot`,
    ),
  ]
}

function checkOrder(steps: readonly StepDefinition[]): string[] {
  const pivot = steps.findIndex(({ kind }) => kind === 'pivot')
  const onward = steps.findIndex(({ kind }) => kind !== 'compensatable')
  return steps.flatMap(({ name, kind }, index) => {
    if (kind === 'retriable' || onward < 0 || index <= onward) return []
    return kind === 'pivot' && pivot < index
      ? [
          `step ${name} is a second pivot after ${steps[pivot]?.name}: a saga has one; make one of them compensatable or retriable`,
        ]
      : [
          `step ${name} is ${kind} but stands after ${steps[onward]?.name}, past which nothing is undone: declare it before, or make it retriable`,
        ]
  })
}

function checkOwners(saga: Omit<Saga, 'id'>): string[] {
  const problems: string[] = []
  const taken = new Map<string, string>()
  const claim = (what: string, value: string | undefined, owner: string) => {
    if (value === undefined) return
    const key = `${what} ${value}`
    const other = taken.get(key)
    if (other) problems.push(`${what} ${value} belongs to ${other} and to ${owner}: rename one`)
    else taken.set(key, owner)
  }
  claim('message', requested(saga), 'the beginning')
  for (const [index, step] of saga.steps.entries()) {
    claim('step', step.name, `step number ${index + 1}`)
    claim('state', step.state, `step ${step.name}`)
    claim('message', step.done.name, `step ${step.name} (done)`)
    claim('message', step.failed?.name, `step ${step.name} (failed)`)
    claim('step', step.undo?.name, `the undo of ${step.name}`)
    claim('state', step.undo?.state, `the undo of ${step.name}`)
    claim('message', step.undo?.done.name, `the undo of ${step.name}`)
  }
  claim('state', saga.end.state, 'the end')
  claim('message', saga.end.message.name, 'the end')
  return problems
}
