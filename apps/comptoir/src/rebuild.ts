import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { claimFolder, readHolder } from '@comptoir/runtime/pglite/folder-lock'
import { CommandFailure } from './command-failure.ts'
import { refuseMoved } from './moved.ts'

/** Makes the read model again: in the process that holds the data, while it serves; or here, when none does. */
export async function rebuild({ data }: { readonly data: string }): Promise<void> {
  const folder = resolve(data)
  const holder = readHolder(folder)
  const orders = holder ? await askHolder(holder.details.url) : await rebuildHere(folder)
  process.stdout.write(`comptoir: the read model was made again from ${orders} orders\n`)
}

async function askHolder(url: string | number | undefined): Promise<number> {
  if (typeof url !== 'string')
    throw new CommandFailure('the process that holds the data is still starting: try again in a moment')
  const answer = await fetch(`${url}/store-api/read-model/rebuild`, { method: 'POST' })
  const body = (await answer.json()) as { orders: number; detail?: string }
  if (!answer.ok) throw new CommandFailure(body.detail ?? `${url} answered ${answer.status}`)
  return body.orders
}

async function rebuildHere(folder: string): Promise<number> {
  if (!existsSync(folder)) throw noStore(folder)
  refuseMoved(folder)
  const claim = claimFolder(folder, {})
  try {
    const [{ openPglite, hasDatabase }, { Instance }] = await Promise.all([
      import('@comptoir/runtime/pglite'),
      import('./instance.ts'),
    ])
    if (!(await hasDatabase(folder))) throw noStore(folder)
    const database = await openPglite({ folder })
    const instance = await Instance.start(database, { seed: false })
    const orders = await instance.rebuild()
    await instance.stop()
    await database.close()
    return orders
  } finally {
    claim.release()
  }
}

const noStore = (folder: string) => new CommandFailure(`there is no store in ${folder}: name its folder with --data DIR`)
