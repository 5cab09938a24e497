import { expect, it } from 'vitest'
import { refuseOldServer } from './server-version.ts'

const look = (version: string, number: number) =>
  refuseOldServer({ query: async <R>() => [{ version, number }] as R[] }, 'postgres://db/shop')

it.each([
  ['9.6.24', 90_624],
  ['12.22', 120_022],
])('a server of version %s is refused, with what to do', async (version, number) => {
  await expect(look(version, number)).rejects.toThrow(
    `the database postgres://db/shop cannot be used: it is on PostgreSQL ${version}, and version 13 or newer is needed. Upgrade the server, or name another one.`,
  )
})

it.each([
  ['13.0', 130_000],
  ['15.14', 150_014],
  ['18beta1', 180_000],
])('a server of version %s is used', async (version, number) => {
  await expect(look(version, number)).resolves.toBeUndefined()
})
