import { defineConfig } from 'vitest/config'

/** The tiers of `npm test` that have specs of their own, by the end of a spec's name. */
const tiers = { integration: 'int', e2e: 'e2e', servers: 'servers', browser: 'browser', crash: 'crash' }

/** What must be there before the specs of a project run: the command's bundle, or real servers. */
const command = ['scripts/bundle.mjs']
const setups: Record<string, string[]> = {
  e2e: command,
  servers: [...command, 'tests/kit/servers/global-setup.ts'],
  browser: command,
  crash: command,
}

/** What the specs of a project find in the environment. No integration spec finds the servers of whoever has named some. */
const environments: Record<string, Record<string, string>> = { integration: { TEST_DATABASE_URL: '' } }

const specs = (kind: string): string => `**/*.${kind}.spec.ts`
/** The specs of the engine, and of what the store reads, run in both: in memory, and on a real server. */
const further: Record<string, string[]> = {
  servers: [
    'packages/runtime/src/*.int.spec.ts',
    'packages/runtime/src/!(pglite)/*.int.spec.ts',
    'services/store/src/reading.int.spec.ts',
  ],
}
const project = (name: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: {
    name,
    include,
    exclude: ['**/node_modules/**', '**/dist/**', ...exclude],
    globalSetup: setups[name] ?? [],
    env: environments[name] ?? {},
  },
})

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    // An embedded database takes seconds to boot and half a gigabyte.
    maxWorkers: 2,
    hookTimeout: 120_000,
    testTimeout: 60_000,
    // A second, the default, is little where a server is asked and the machine is busy.
    expect: { poll: { timeout: 10_000 } },
    projects: [
      // Every spec that names no other tier is a unit test, so that none is left out.
      project('unit', ['**/*.spec.ts'], Object.values(tiers).map(specs)),
      ...Object.entries(tiers).map(([name, kind]) => project(name, [specs(kind), ...(further[name] ?? [])])),
    ],
  },
})
