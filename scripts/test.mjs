/** `npm test`: all tiers in order, then one line with their sum. A tier that runs no test has failed. */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { delimiter, dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { has, node24 } from './tools.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

// These start whole processes, which must not take the two cores from each other.
const oneAtATime = '--no-file-parallelism'

/** `needs`: without all of these the tier is skipped; `uses`: without it some of its tests skip themselves. */
const tiers = [
  { name: 'unit, property and integration', runs: [['--project', 'unit', '--project', 'integration']] },
  { name: 'end to end', runs: [['--project', 'e2e', oneAtATime]], uses: ['promtool'] },
  {
    name: 'real servers',
    runs: [['--project', 'servers', oneAtATime]],
    needs: ['PostgreSQL', 'Redis', 'Kafka', 'kcat', 'nginx'],
  },
  { name: 'browser', runs: [['--project', 'browser', oneAtATime]], needs: ['chromium'] },
  { name: 'crash', runs: [['--project', 'crash', oneAtATime]] },
  {
    name: 'Node 24: unit, property and one end to end',
    runs: [
      ['--project', 'unit'],
      ['--project', 'e2e', 'tests/e2e/contract/orders.e2e.spec.ts'],
    ],
    needs: ['Node 24'],
    node: node24,
  },
]

const reportFile = 'node_modules/.cache/comptoir/test-report.json'

/** Runs vitest once, showing what it says; answers its report, or undefined when it died before writing one. */
function vitest(node, args) {
  rmSync(reportFile, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
  // Processes that the tests start by the name `node` are of the same version.
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` }
  const { status } = spawnSync(node, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args], { stdio: 'inherit', env })
  try {
    return { status, ...JSON.parse(readFileSync(reportFile, 'utf8')) }
  } catch {
    return undefined
  }
}

/** What failed, said once more before the sum: whoever opens a long log looks at its end. */
const failures = []

function noteFailures(tier, report) {
  if (report === undefined) failures.push(`${tier}: vitest died before it wrote its report`)
  for (const file of report?.testResults ?? []) {
    const where = relative(process.cwd(), file.name)
    const failed = file.assertionResults.filter((test) => test.status === 'failed')
    for (const test of failed) failures.push(`${where}: ${test.fullName}\n${firstLines(test.failureMessages.join('\n'))}`)
    if (failed.length === 0 && file.status === 'failed') failures.push(`${where}\n${firstLines(file.message)}`)
  }
}

const firstLines = (text) =>
  text
    .split('\n')
    .slice(0, 12)
    .map((line) => `    ${line}`)
    .join('\n')

function count(report) {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 }
  const passed = report.numPassedTests
  // vitest also fails for what is no test: a spec that does not load, an error outside every test, no spec at all.
  const failed = report.numFailedTests || (report.status === 0 && report.success ? 0 : 1)
  const skipped = report.numPendingTests + report.numTodoTests
  if (passed + failed > 0) return { passed, failed, skipped }
  console.log('No test has run, which counts as a failure.')
  return { passed, failed: 1, skipped }
}

function runTier({ name, runs, needs, uses, node = process.execPath }) {
  try {
    if (needs && !has(...needs)) return [{ passed: 0, failed: 0, skipped: 1 }]
    if (uses) has(...uses)
  } catch (error) {
    failures.push(`${name}: ${error.message}`)
    return [{ passed: 0, failed: 1, skipped: 0 }]
  }
  return runs.map((args) => {
    const report = vitest(resolve(node), args)
    noteFailures(name, report)
    return count(report)
  })
}

const sum = { passed: 0, failed: 0, skipped: 0 }
for (const tier of tiers) {
  console.log(`\n--- ${tier.name} ---`)
  for (const counts of runTier(tier)) {
    for (const key of Object.keys(sum)) sum[key] += counts[key]
  }
}
process.exitCode = sum.failed > 0 ? 1 : 0
for (const failure of failures) console.log(`\nFAILED ${failure}`)
console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
