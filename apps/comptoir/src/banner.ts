import colors from 'picocolors'

export interface Announcement {
  readonly url: string
  /** Where the data are kept; null: in a temporary folder. */
  readonly folder: string | null
  readonly json: boolean
  /** The port that was asked for, and the one that was free. */
  readonly wished: number
  readonly port: number
}

/** Says once where everything is: for people, or as one line of JSON for programs. */
export function announce({ url, folder, json, wished, port }: Announcement): void {
  const places = {
    store: `${url}/store-api`,
    payments: `${url}/payments-api`,
    saga: `${url}/saga-api`,
    docs: `${url}/docs`,
    metrics: `${url}/metrics`,
  }
  if (json) {
    process.stdout.write(`${JSON.stringify({ url, ...places, data: folder, mode: 'embedded', pid: process.pid })}\n`)
    return
  }
  const moved = wished !== 0 && wished !== port ? colors.yellow(` (port ${wished} is taken)`) : ''
  const line = (name: string, value: string) => `  ${name.padEnd(12)}${value}`
  process.stdout.write(
    [
      '',
      `  ${colors.bold('Comptoir')} is open${moved}. Everything runs in this process (${process.pid}), on an embedded PostgreSQL.`,
      '',
      line('Console', colors.cyan(url)),
      line('REST docs', places.docs),
      line('GraphQL', `POST ${places.store}/stocks/graphql-query`),
      line('Metrics', places.metrics),
      line('Health', `${url}/readyz`),
      line(
        'Data',
        folder === null
          ? 'in a temporary folder, removed at the end (--ephemeral)'
          : `${folder} (kept; remove the folder to begin again)`,
      ),
      '',
      '  No login is asked for: only this machine can reach it. It survives a killed process, not a power cut.',
      `  Stop it with Ctrl-C. Place an order:`,
      '',
      `  curl ${places.store}/orders -H 'content-type: application/json' -d '{"user_id":1,"items":[{"product_id":2,"quantity":1}]}'`,
      '',
      '',
    ].join('\n'),
  )
}
