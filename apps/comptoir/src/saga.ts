import { resolve } from 'node:path'
import { readHolder } from '@comptoir/runtime/pglite/folder-lock'
import { CommandFailure } from './command-failure.ts'

/** Where a running installation is asked. */
export interface SagaCommandOptions {
  /** The address of an instance; without it, the process that holds the data is asked. */
  readonly url?: string
  readonly data: string
}

export type SagaAct = 'show' | 'pause' | 'resume' | 'retry' | 'cancel'

/** An instance that does not answer in this time is said not to. A wish to cancel waits 10 s for its saga's end. In milliseconds. */
const patienceMs = 20_000

/** Shows a saga, or does something to it; prints what was answered. @throws CommandFailure with the words of whoever refuses */
export async function actOnSaga(
  act: SagaAct,
  id: string,
  { reason, ...where }: SagaCommandOptions & { readonly reason?: string },
): Promise<void> {
  const path = `/saga-api/sagas/${encodeURIComponent(id)}`
  if (act === 'show') return print(describe((await ask(where, 'GET', path)) as Saga))
  const body = reason === undefined ? {} : { reason }
  const answer = await ask(where, 'POST', `${path}/${act}`, body)
  print([`comptoir: ${wordsOf[act](id, answer as { retried?: number; cancelled?: boolean })}`])
}

/** Lists the open sagas that do not go on: why, and what helps. */
export async function listStuckSagas(where: SagaCommandOptions): Promise<void> {
  const { items } = (await ask(where, 'GET', '/saga-api/stuck')) as { items: readonly StuckSaga[] }
  if (items.length === 0) print(['comptoir: no saga is stuck'])
  for (const { saga_id, saga, order_id, detail, cure } of items)
    print([`${saga_id}  ${saga}${order_id === null ? '' : ` of order ${order_id}`}`, `  ${detail}`, `  ${cure}`])
}

interface Stuck {
  readonly detail: string
  readonly cure: string
}
interface StuckSaga extends Stuck {
  readonly saga_id: string
  readonly saga: string
  readonly order_id: number | null
}
interface Saga extends StuckSaga {
  readonly status: string
  readonly style: string
  readonly state: string
  readonly stuck: Stuck | null
  readonly steps: readonly {
    readonly step: string
    readonly service: string
    readonly status: string
    readonly attempts: number
    readonly error: string | null
  }[]
  readonly acts: readonly { readonly at: string; readonly act: string; readonly by: string; readonly reason: string | null }[]
}

function describe({ saga_id, saga, order_id, status, style, state, stuck, steps, acts }: Saga): string[] {
  const order = order_id === null ? '' : ` of order ${order_id}`
  return [
    `${saga_id}  ${saga}${order}, ${style}: ${status} (${state})`,
    ...steps.map(({ step, service, status, attempts, error }) => {
      const tried = attempts > 1 ? `, ${attempts} attempts` : ''
      return `  ${step} at ${service}: ${status}${tried}${error === null ? '' : `: ${error}`}`
    }),
    ...(stuck ? [`  ${stuck.detail}`, `  ${stuck.cure}`] : []),
    ...acts.map(({ at, act, by, reason }) => `  ${at} ${act} by ${by}${reason === null ? '' : `: ${reason}`}`),
  ]
}

const wordsOf: Readonly<
  Record<Exclude<SagaAct, 'show'>, (id: string, answer: { retried?: number; cancelled?: boolean }) => string>
> = {
  pause: (id) => `saga ${id} is paused: no step of it is begun until \`comptoir saga resume ${id}\``,
  resume: (id) => `saga ${id} goes on`,
  retry: (id, { retried }) => `${retried} of saga ${id} ${retried === 1 ? 'is' : 'are'} tried again`,
  cancel: (id, { cancelled }) =>
    cancelled
      ? `saga ${id} is cancelled, and what it had done is undone`
      : `saga ${id} was asked to turn back; it has not ended yet`,
}

const print = (lines: readonly string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`)
}

async function ask(where: SagaCommandOptions, method: string, path: string, body?: object): Promise<unknown> {
  const url = addressOf(where)
  const request = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`${url}${path}`, { method, signal: AbortSignal.timeout(patienceMs), ...request }).catch(
    () => undefined,
  )
  if (!answer) throw new CommandFailure(`${url} does not answer: start an instance there, or name another with --url`)
  const said = (await answer.json().catch(() => undefined)) as { detail?: string } | undefined
  if (answer.ok && said) return said
  throw new CommandFailure(said?.detail ?? `${url} answered ${answer.status}: is it an instance of comptoir?`)
}

function addressOf({ url, data }: SagaCommandOptions): string {
  if (url !== undefined) {
    if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
      throw new CommandFailure(`--url names "${url}", which is no address of an instance: write http://host:port`)
    return url.replace(/\/+$/, '')
  }
  const folder = resolve(data)
  const holder = readHolder(folder)
  if (!holder)
    throw new CommandFailure(`no process serves ${folder}: start it, name its folder with --data DIR, or an instance with --url`)
  if (typeof holder.details.url !== 'string')
    throw new CommandFailure('the process that holds the data is still starting: try again in a moment')
  return holder.details.url
}
