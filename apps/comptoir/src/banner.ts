import colors from 'picocolors'

export interface Announcement {
  readonly url: string
  readonly mode: 'embedded' | 'postgres'
  /** Whether messages go through Kafka, and reads through Redis. */
  readonly kafka: boolean
  readonly redis: boolean
  /** The service that runs here, or all. */
  readonly serves: string
  /** Where the data are kept: a folder, or a server's address; null: in a temporary folder. */
  readonly data: string | null
  readonly json: boolean
  /** The port that was asked for, and the one that was free. */
  readonly wished: number
  readonly port: number
}

/** Says once where everything is, and what of it is real: for people, or as one line of JSON for programs. */
export function announce({ url, mode, kafka, redis, serves, data, json, wished, port }: Announcement): void {
  const has = (service: string) => serves === 'all' || serves === service
  // A service that runs alone has its routes at the root.
  const prefixed = (prefix: string) => (serves === 'all' ? `${url}${prefix}` : url)
  const places = {
    ...(has('store') && { store: prefixed('/store-api') }),
    ...(has('payments') && { payments: prefixed('/payments-api') }),
    ...((has('store') || has('orchestrator')) && { saga: `${url}/saga-api` }),
    docs: `${url}/docs`,
    metrics: `${url}/metrics`,
  }
  if (json) {
    process.stdout.write(`${JSON.stringify({ url, ...places, data, mode, kafka, redis, pid: process.pid })}\n`)
    return
  }
  const moved = wished !== 0 && wished !== port ? colors.yellow(` (port ${wished} is taken)`) : ''
  const line = (name: string, value: string) => `  ${name.padEnd(12)}${value}`
  const what = serves === 'all' ? 'Everything' : `The service ${serves}`
  const ground = mode === 'embedded' ? 'on an embedded PostgreSQL' : 'on PostgreSQL'
  const messages = kafka
    ? 'Kafka; of several instances all work'
    : mode === 'embedded'
      ? "the database's log"
      : "PostgreSQL's logs; of several instances one does the work of each service"
  const reads = redis ? 'Redis, and tables of PostgreSQL when it is away' : 'tables of PostgreSQL'
  const kept =
    mode === 'postgres'
      ? data
      : data === null
        ? 'in a temporary folder, removed at the end (--ephemeral)'
        : `${data} (kept; remove the folder to begin again)`
  const surviving = mode === 'embedded' ? ' It survives a killed process, not a power cut.' : ''
  process.stdout.write(
    [
      '',
      `  ${colors.bold('Comptoir')} is open${moved}. ${what} runs in this process (${process.pid}), ${ground}.`,
      '',
      ...(serves === 'all' ? [line('Console', colors.cyan(url))] : []),
      line('REST docs', places.docs),
      ...(has('orchestrator') ? [line('Sagas', `POST ${url}/saga-api/saga/order, GET ${url}/saga-api/sagas`)] : []),
      ...(has('store') ? [line('GraphQL', `POST ${places.store}/stocks/graphql-query`)] : []),
      line('Metrics', places.metrics),
      line('Health', `${url}/readyz`),
      line('Data', kept ?? ''),
      line('Messages', messages),
      line('Reads', reads),
      '',
      `  No login is asked for: only this machine can reach it.${surviving}`,
      `  Stop it with Ctrl-C.${has('store') ? ' Place an order:' : ''}`,
      '',
      ...(has('store')
        ? [
            `  curl ${places.store}/orders -H 'content-type: application/json' -d '{"user_id":1,"items":[{"product_id":2,"quantity":1}]}'`,
            '',
          ]
        : []),
      '',
    ].join('\n'),
  )
}
