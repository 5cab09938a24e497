import type { Message, Outgoing } from './messages.ts'
import { writeInbox, writeOutbox } from './messages.ts'
import type { Run } from './session.ts'
import { steps } from './steps.ts'

/** Messages in one transaction, at most: Comptoir's own bound. */
export const batchLimit = 500

/** Handles what has arrived, in the transaction at hand; answers what it sends. */
export async function handleBatch(run: Run, schema: string, messages: readonly Message[]): Promise<Outgoing[]> {
  const outgoing: Outgoing[] = []
  for (const [name, group] of byName(messages)) {
    const step = steps.get(name)
    if (!step) throw new Error(`nobody handles ${name}`)
    const sagas = group.map(({ saga }) => saga)
    const fresh = await writeInbox(run, schema, sagas, step.name)
    const due = group.filter(({ saga }) => fresh.has(saga))
    outgoing.push(...(await step.run(run, due)))
  }
  await writeOutbox(run, schema, outgoing)
  return outgoing
}

function byName(messages: readonly Message[]): Map<string, Message[]> {
  const groups = new Map<string, Message[]>()
  for (const message of messages) {
    const group = groups.get(message.name) ?? []
    groups.set(message.name, group)
    group.push(message)
  }
  return groups
}
