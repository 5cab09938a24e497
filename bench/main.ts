import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { prepareDatabase } from '../apps/comptoir/src/prepared-database.ts'
import { modes, openPlaces } from './place.ts'
import { writeReport } from './report.ts'
import { type Findings, fullScale, quickScale } from './scenario.ts'
import { expiry } from './scenarios/expiry.ts'
import { history } from './scenarios/history.ts'
import { http } from './scenarios/http.ts'
import { latency } from './scenarios/latency.ts'
import { memory } from './scenarios/memory.ts'
import { open } from './scenarios/open.ts'
import { outage } from './scenarios/outage.ts'
import { soak } from './scenarios/soak.ts'
import { stages } from './scenarios/stages.ts'
import { start } from './scenarios/start.ts'
import { styles } from './scenarios/styles.ts'
import { takeover } from './scenarios/takeover.ts'
import { throughput } from './scenarios/throughput.ts'
import { table } from './table.ts'

const scenarios = [start, latency, stages, open, throughput, styles, http, memory, outage, takeover, expiry, history, soak]

const { values, positionals } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    mode: { type: 'string', default: 'embedded' },
    'past-orders': { type: 'string' },
  },
  allowPositionals: true,
})
const usual = values.quick ? quickScale : fullScale
const pastOrders = Number(values['past-orders'] ?? usual.pastOrders)
if (!Number.isSafeInteger(pastOrders) || pastOrders < 1) throw new Error('--past-orders takes a number of orders')
const scale = { ...usual, pastOrders }
const mode = modes.find((known) => known === values.mode) ?? refuse(`the modes are: ${modes.join(', ')}`)
const possible = scenarios.filter((scenario) => scenario.modes.includes(mode))
const chosen = positionals.length === 0 ? possible : possible.filter(({ name }) => positionals.includes(name))
if (chosen.length < positionals.length) refuse(`the scenarios of this mode are: ${possible.map(({ name }) => name).join(', ')}`)

await prepareDatabase()
const places = await openPlaces(mode)
const began = performance.now()
const found: Findings[] = []
let file = ''
for (const [index, scenario] of chosen.entries()) {
  const say = (text: string) => {
    const minutes = ((performance.now() - began) / 60_000).toFixed(1)
    process.stderr.write(`[${index + 1}/${chosen.length} ${scenario.name}, ${minutes} min] ${text}\n`)
  }
  const findings = await scenario.run({ scale, say, places })
  found.push(findings)
  // Of histories of other lengths each stands for itself.
  const name = scenario === history && pastOrders !== usual.pastOrders ? `${scenario.name}-${pastOrders}` : scenario.name
  file = await writeReport(mode, name, findings, scale, values.quick)
}
await places.close()

console.log(`\n${table(found.flatMap(({ figures }) => figures))}\n`)
for (const note of found.flatMap(({ notes }) => notes)) console.log(note)
console.log(`\nAll that was found in this mode: ${relative('.', file)}.json, as a table (.md) and a picture (.svg) beside it`)

function refuse(reason: string): never {
  throw new Error(reason)
}
