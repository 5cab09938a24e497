import { type MailboxSurvey, surveyKafka } from '@comptoir/kafka'
import { surveyRedis } from '@comptoir/redis'
import { mailboxesOf } from '@comptoir/runtime'
import { type Addresses, type KafkaAddress, withoutPassword } from '../addresses.ts'
import { type Finding, ill, well } from './finding.ts'

/** More than this lies before consumers only when they cannot keep up, or stand still. */
const manyBehind = 10_000

/** Kafka and Redis, where there are addresses of them. */
export async function lookAtLinks({ kafka, redis, knows }: Addresses): Promise<Finding[]> {
  return [...(kafka ? await lookAtKafka(kafka, knows) : []), ...(redis ? [await lookAtRedis(redis)] : [])]
}

async function lookAtKafka({ brokers, prefix }: KafkaAddress, knows: readonly string[]): Promise<Finding[]> {
  const address = brokers.join(', ')
  try {
    const survey = await surveyKafka({ brokers, prefix, service: 'doctor' }, mailboxesOf(knows))
    return [
      well(`Kafka at ${address}, ${survey.brokers} broker${survey.brokers === 1 ? '' : 's'}`),
      ...survey.mailboxes.flatMap(mailbox),
    ]
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return [
      ill(
        `Kafka at ${address}: ${message}: start it, or correct KAFKA_BROKERS. Orders are taken meanwhile, and go on when it is back`,
      ),
    ]
  }
}

function mailbox({ topic, partitions, replicas, members, behind }: MailboxSurvey): Finding[] {
  if (partitions === 0) return [ill(`the topic ${topic} is not there: start an instance, the first one makes it`)]
  const text = `topic ${topic}: ${partitions} partitions, ${replicas} replica${replicas === 1 ? '' : 's'}, ${members} consuming, ${behind} messages behind`
  if (members === 0) return [ill(`${text}: start an instance of the service`)]
  if (behind > manyBehind) return [ill(`${text}: look at /readyz of its instances, or start more (up to one for each partition)`)]
  return [well(text)]
}

async function lookAtRedis(url: string): Promise<Finding> {
  const address = withoutPassword(url)
  try {
    const { version, role, whenFull } = await surveyRedis(url)
    const text = `Redis ${version} at ${address}`
    if (role !== 'master') return ill(`${text} is a ${role}, which takes no writes: name the master in REDIS_URL`)
    if (whenFull !== 'noeviction')
      return ill(
        `${text} forgets entries when it is full (${whenFull}): set maxmemory-policy noeviction, so that it refuses instead`,
      )
    return well(text)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return ill(`Redis at ${address}: ${message}: start it, or correct REDIS_URL. Reads are answered by PostgreSQL meanwhile`)
  }
}
