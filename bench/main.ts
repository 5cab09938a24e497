import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { prepareDatabase } from '../apps/comptoir/src/prepared-database.ts'
import { openPlaces } from './place.ts'
import { table, writeResults } from './report.ts'
import { type Findings, fullScale, quickScale } from './scenario.ts'
import { history } from './scenarios/history.ts'
import { http } from './scenarios/http.ts'
import { latency } from './scenarios/latency.ts'
import { memory } from './scenarios/memory.ts'
import { start } from './scenarios/start.ts'
import { throughput } from './scenarios/throughput.ts'

const scenarios = [start, latency, throughput, http, memory, history]

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, mode: { type: 'string', default: 'embedded' } },
  allowPositionals: true,
})
const scale = values.quick ? quickScale : fullScale
const mode = values.mode
if (mode !== 'embedded' && mode !== 'postgres') throw new Error('the modes are: embedded, postgres')
const possible = scenarios.filter(({ modes = ['embedded'] }) => modes.includes(mode))
const chosen = positionals.length === 0 ? possible : possible.filter(({ name }) => positionals.includes(name))
if (chosen.length < positionals.length)
  throw new Error(`the scenarios of this mode are: ${possible.map(({ name }) => name).join(', ')}`)

await prepareDatabase()
const places = await openPlaces(mode)
const began = performance.now()
const findings: Record<string, Findings> = {}
for (const [index, scenario] of chosen.entries()) {
  const say = (text: string) => {
    const minutes = ((performance.now() - began) / 60_000).toFixed(1)
    process.stderr.write(`[${index + 1}/${chosen.length} ${scenario.name}, ${minutes} min] ${text}\n`)
  }
  findings[scenario.name] = await scenario.run({ scale, say, places })
}
await places.close()

const found = Object.values(findings)
console.log(`\n${table(found.flatMap(({ figures }) => figures))}\n`)
for (const note of found.flatMap(({ notes }) => notes)) console.log(note)
const complete = !values.quick && chosen.length === possible.length
console.log(`\nAll runs: ${relative('.', await writeResults(findings, scale, complete, mode))}`)
