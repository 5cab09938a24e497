import type { Saga } from '@comptoir/saga'
import { tell } from '../diagnostics.ts'
import type { Queryable } from '../ports/database.ts'
import { type Service, sagaName } from '../service.ts'
import { changesBetween, concerns, type DeclarationParts, partsOf } from './declaration-parts.ts'
import { type OpenSagas, readAwaited, readExamples, readOpenSagas, readParts } from './declarations.ts'

/*
 * A saga ends on the declaration that it began with, so code that does not know it cannot end it. An unknown declaration
 * with a higher version than all that the code knows of its name is that of newer code, which is being rolled out. Any other
 * was removed or changed in place, and nobody is to come who knows it.
 */

/** Sagas that are named in words, of each declaration. */
const namedSagas = 5

/** Open sagas, and what becomes of them under some code: it ends them, newer code does, or nobody. */
export type SurveyedSagas = OpenSagas & ({ readonly fate: 'known' } | { readonly fate: 'newer' } | Stranded)
interface Stranded {
  readonly fate: 'stranded'
  /** In words, on one line, cure included. */
  readonly text: string
}
export type StrandedSagas = OpenSagas & Stranded

/** Sagas are open that this code cannot end, and that no newer code is known to. */
export class StrandedSagasError extends Error {
  override readonly name = 'StrandedSagasError'
  readonly stranded: readonly StrandedSagas[]

  constructor(stranded: readonly StrandedSagas[]) {
    const lines = stranded.map(({ text }) => `- ${text}\n`).join('')
    super(
      `nothing was started, because open sagas would be stranded:\n${lines}Or start the code again that knows them, and let it end or cancel them first.`,
    )
    this.stranded = stranded
  }
}

/** What is looked at, and for which code. */
export interface Look {
  /** The services whose schemas are in the database. */
  readonly schemas: readonly string[]
  /** All services of the code. */
  readonly code: readonly Service[]
  /** Those of them that are to go on with what is there. */
  readonly served: readonly Service[]
}

/** What is open in a database, and what becomes of it. Only reads. @throws what the database throws */
export async function surveySagas(db: Queryable, { schemas, code, served }: Look): Promise<readonly SurveyedSagas[]> {
  const open = await readOpenSagas(db, schemas)
  const known = new Map(code.flatMap(({ routing }) => routing.sagas).map((saga) => [saga.id, saga]))
  const strange = open.map(({ declaration }) => declaration).filter((declaration) => !known.has(declaration))
  const recorded = strange.length > 0 ? await readParts(db, schemas, strange) : new Map<string, DeclarationParts>()
  return Promise.all(
    open.map(async (sagas): Promise<SurveyedSagas> => {
      const saga = known.get(sagas.declaration)
      const parts = saga ? partsOf(saga) : recorded.get(sagas.declaration)
      const lacking = served.filter((service) => lacks(service, sagas, parts)).map(({ name }) => name)
      if (lacking.length === 0) return { ...sagas, fate: 'known' }
      const others = [...known.values()].filter(({ name }) => name === sagaName(sagas.declaration))
      if (others.length > 0 && others.every(({ version }) => version < versionOf(sagas))) return { ...sagas, fate: 'newer' }
      const why = saga ? missing(lacking) : `${changed(sagas, parts, others)} ${until(lacking)}`
      return { ...sagas, fate: 'stranded', text: `${await inWords(db, sagas)}; ${why}` }
    }),
  )
}

/**
 * Refuses a start that would strand open sagas; to be called before anything is consumed. Tells which sagas go on at other
 * code: those of newer code, and those whose messages wait here while their rows are in a database that is not seen.
 *
 * @throws StrandedSagasError; what the database throws
 */
export async function refuseStranded(db: Queryable, look: Look): Promise<void> {
  const surveyed = await surveySagas(db, look)
  const stranded = surveyed.filter((sagas) => sagas.fate === 'stranded')
  if (stranded.length > 0) throw new StrandedSagasError(stranded)
  const newer = surveyed.filter(({ fate }) => fate === 'newer')
  for (const { keeper, declaration, count } of newer) tellUnknown(keeper, declaration, count)
  const seen = new Set(surveyed.map(({ declaration }) => declaration))
  for (const { name, routing } of look.served) {
    for (const { declaration, count } of await readAwaited(db, name))
      if (!seen.has(declaration) && !routing.definitions.includes(declaration)) tellUnknown(name, declaration, count)
  }
}

const tellUnknown = (service: string, declaration: string, sagas: number): void =>
  tell('comptoir:unknown', () => ({ service, declaration, sagas }))

const versionOf = ({ declaration }: OpenSagas): number => Number(declaration.split('/')[1])

/** @param parts undefined when nobody recorded them: then only the keeper of the rows is known to need the declaration */
function lacks(service: Service, { declaration, keeper }: OpenSagas, parts: DeclarationParts | undefined): boolean {
  if (service.name === keeper) return !service.homes.has(declaration) && !service.drives.has(declaration)
  return parts !== undefined && concerns(parts, service.name) && !service.routing.definitions.includes(declaration)
}

async function inWords(db: Queryable, sagas: OpenSagas): Promise<string> {
  const { declaration, keeper, count } = sagas
  const examples = await readExamples(db, sagas, namedSagas)
  const names = examples.map(({ id, subject }) => (subject === null ? id : `${id} (${subject})`))
  if (count > names.length) names.push(`and ${count - names.length} more`)
  return `${declaration} has ${count} open saga${count === 1 ? '' : 's'} at ${keeper}: ${names.join(', ')}`
}

/** What this code has instead of a declaration. @param others its declarations of the same name */
function changed(sagas: OpenSagas, parts: DeclarationParts | undefined, others: readonly Saga[]): string {
  const version = versionOf(sagas)
  const same = others.find((saga) => saga.version === version)
  const next = same ?? [...others].sort((a, b) => a.version - b.version).find((saga) => saga.version > version)
  if (!next) return `this code declares no saga ${sagaName(sagas.declaration)}:`
  const changes = parts ? changesBetween(parts, partsOf(next)).join(', ') : 'what it was, no start has recorded'
  if (same) return `this code has version ${version} changed in place (${changes}): raise its version, and`
  return `this code has version ${next.version} instead (${changes}):`
}

const until = (services: readonly string[]): string =>
  `keep the old declaration in the lists of ${services.join(' and ')} until these sagas have ended`

const missing = (services: readonly string[]): string =>
  `this code declares it, but not to ${services.join(' and ')}: add it to the lists there`
