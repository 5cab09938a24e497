import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { readHolder } from '@comptoir/runtime/pglite/folder-lock'
import { addressesFrom } from '../addresses.ts'
import { CommandFailure } from '../command-failure.ts'
import { readMove } from '../moved.ts'
import { type Finding, ill, well } from './finding.ts'
import { lookAtLinks } from './links.ts'
import { lookAtServers } from './servers.ts'

/** Looks at everything that an instance needs, says what it found, and throws when something is not well. */
export async function doctor({ data }: { readonly data: string }): Promise<void> {
  const addresses = addressesFrom(process.env)
  const servers = await lookAtServers(addresses)
  const databases = servers.length > 0 ? servers : await onFolder(resolve(data))
  const findings = [nodeVersion(), ...databases, ...(await lookAtLinks(addresses))]
  for (const { ok, text } of findings) process.stdout.write(`${ok ? 'ok ' : '!! '} ${text}\n`)
  const troubles = findings.filter(({ ok }) => !ok).length
  if (troubles > 0)
    throw new CommandFailure(`${troubles} of ${findings.length} findings need you: the lines with !! say what to do`)
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const text = `Node ${process.versions.node}`
  return major > 20 || (major === 20 && minor >= 19) ? well(text) : ill(`${text} is too old: install 20.19 or newer`)
}

async function onFolder(folder: string): Promise<Finding[]> {
  const holder = readHolder(folder)
  if (holder) {
    const { url } = holder.details
    if (typeof url !== 'string') return [ill(`process ${holder.pid} is starting on ${folder}: ask again in a moment`)]
    return [well(`process ${holder.pid} serves ${folder} at ${url}`), await readiness(url)]
  }
  const move = readMove(folder)
  if (move) return [ill(`${folder} was moved to ${move.to}: set DATABASE_URL to it`)]
  const database = existsSync(resolve(folder, 'database'))
  return [
    well(database ? `${folder} has a store; no process serves it` : `${folder} has no store yet: the first start makes one`),
  ]
}

async function readiness(url: string): Promise<Finding> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) })
    const { detail } = (await answer.json()) as { detail?: string }
    return answer.ok ? well('it is ready') : ill(`it is not ready: ${detail}`)
  } catch (error) {
    return ill(`it does not answer (${String(error)}): stop that process and start it again`)
  }
}
