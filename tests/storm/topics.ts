import { surveyKafka } from '@comptoir/kafka'
import { mailboxesOf, type Queryable } from '@comptoir/runtime'
import { kcat } from '../cluster/kcat.ts'
import type { Statement } from '../crash/invariants/check.ts'

/** What is checked here. */
export const topicsTruthful: readonly Statement[] = [
  { invariant: 'I8', rule: 'every message of the logs is on its topic' },
  { invariant: 'I11', rule: 'every record of the topics is a committed message of a log, byte for byte' },
]
export const topicsConsumed: Statement = { invariant: 'I20', rule: 'every record of the topics is consumed' }

const services = ['store', 'payments', 'orchestrator']

/** Where the topics of an installation are. */
export interface Topics {
  readonly brokers: string
  readonly prefix: string
}

/** How the topics differ from the logs, which must hold all that was ever said; in words. */
export async function topicFaults(db: Queryable, { brokers, prefix }: Topics): Promise<string[]> {
  const logs = services.map((service) => `select mailbox, key, type, body from ${service}.log`).join(' union all ')
  const faults: string[] = []
  for (const mailbox of mailboxesOf(services)) {
    const rows = await db.query<{ record: string }>(
      `select concat_ws(' ', key, type, body) as record from (${logs}) as l where mailbox = $1`,
      [mailbox],
    )
    const said = new Set(rows.map(({ record }) => record))
    const shown = new Set(recordsOf(`${prefix}${mailbox}`, brokers))
    const differing = (these: Set<string>, those: Set<string>, { invariant, rule }: Statement) =>
      [...these].filter((record) => !those.has(record)).map((record) => `${invariant} broken: ${rule}. ${mailbox}: ${record}`)
    const [arrived, truthful] = topicsTruthful as [Statement, Statement]
    faults.push(...differing(said, shown, arrived), ...differing(shown, said, truthful))
  }
  return faults
}

/** Key, type and data of every record of a topic. */
function recordsOf(topic: string, brokers: string): string[] {
  return kcat(['-C', '-t', topic, '-o', 'beginning', '-e', '-f', '%k\\t%h\\t%s\\n'], '', brokers)
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [key, headers = '', body] = line.split('\t')
      return `${key} ${/ce_type=([^,]+)/.exec(headers)?.[1]} ${body}`
    })
}

/** The topics whose group has not handled all that is on them, in words. */
export async function topicLag({ brokers, prefix }: Topics): Promise<string[]> {
  const survey = await surveyKafka({ brokers: brokers.split(','), prefix, service: 'test' }, mailboxesOf(services))
  return survey.mailboxes
    .filter(({ behind }) => behind > 0)
    .map(({ topic, behind }) => `I20 broken: ${topicsConsumed.rule}. ${topic} has ${behind} that are not`)
}
