import { putOnHold } from '@comptoir/payments'
import { type Database, keepPartitions, lonePorts, raiseEpoch } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { seedStore } from '@comptoir/store'
import { CommandFailure } from '../command-failure.ts'
import { events, sagas, servicesOn } from '../installation.ts'
import { migrateAll } from '../instance.ts'
import { services as names } from '../services.ts'
import { lookAtStore, strandedTexts } from './against.ts'
import { exampleCeiling, runExamples } from './examples.ts'
import { type Installation, inspect } from './inspect.ts'
import { reportText } from './print.ts'
import type { Report } from './report.ts'

export interface CheckOptions {
  readonly json: boolean
  /** The address of a database, or a data folder, whose open sagas this code is to end. */
  readonly against?: string
}

/** Checks all declarations against all handlers, says what each step does, and throws when something is wrong. */
export async function check({ json, against }: CheckOptions): Promise<void> {
  const store = against === undefined ? null : await lookAtStore(against)
  const database = await openPglite()
  try {
    const { problems, ...found } = await inspect(thisInstallation(database), database)
    const report = { ...found, store, problems: [...problems, ...(store ? strandedTexts(store) : [])] }
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : reportText(report))
    judge(report)
  } finally {
    await database.close()
  }
}

/** @throws CommandFailure when something is wrong */
export function judge({ problems: { length } }: Pick<Report, 'problems'>): void {
  if (length > 0) throw new CommandFailure(`${length} problem${length === 1 ? '' : 's'}: each line with !! says what to do`)
}

/** The sagas, events and services of this code, on an empty database. */
export const thisInstallation = (database: Database): Installation => ({
  sagas,
  events,
  async open() {
    await migrateAll(database)
    await keepPartitions(database, names, Date.now())
    const services = servicesOn(lonePorts(database), await raiseEpoch(database, names), exampleCeiling)
    for (const service of services) if (service.name === 'store') await seedStore(service, (unit) => putOnHold(unit, userOnHold))
    return services
  },
  examples: (exercise) => runExamples(exercise, database),
})
/** Whom the demo data have on credit hold. */
const userOnHold = 4
