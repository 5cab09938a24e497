import type { FastifySchemaValidationError } from 'fastify'
import { bounded, Problem, type ProblemItem } from './problem.ts'

/** Keywords that say the body is not what the schema describes (400); every other one is about a value (422). */
const SHAPE = new Set(['type', 'required', 'additionalProperties', 'const', 'enum', 'anyOf', 'oneOf'])
/** Most faults listed in one answer. */
const MOST_ITEMS = 20

/** What to send instead, by type name of JSON Schema. */
const TYPES: Readonly<Record<string, string>> = {
  integer: 'a whole number without quotes',
  number: 'a number without quotes',
  string: 'a text in quotes',
  boolean: 'true or false',
  object: 'a JSON object',
  array: 'a JSON list',
  null: 'null',
}

/**
 * The problem for what the schema validator found. In a body, a fault of shape is 400, a fault of value 422, and 400 wins
 * when there are both; a path or query parameter in a wrong form is always 400.
 */
export function validationProblem(found: readonly FastifySchemaValidationError[], context: string): Problem {
  const faults = withoutBranches(found)
  const misshapen = faults.filter((error) => isMisshapen(error, context))
  const others = faults.filter((error) => !isMisshapen(error, context))
  const items = [...misshapen, ...others].slice(0, MOST_ITEMS).map((error) => itemOf(error, context))
  const first = items[0]
  const more = faults.length > 1 ? ` (${faults.length} faults in all, see errors.)` : ''
  const status = misshapen.length > 0 ? 400 : 422
  return new Problem(status, first?.code ?? 'invalid', `${first?.detail ?? 'Correct the request.'}${more}`, { errors: items })
}

function isMisshapen({ keyword }: FastifySchemaValidationError, context: string): boolean {
  return context !== 'body' || SHAPE.has(keyword)
}

/** Errors inside the branches of a failed anyOf or oneOf say only why that branch did not apply. */
function withoutBranches(found: readonly FastifySchemaValidationError[]): readonly FastifySchemaValidationError[] {
  const unions = found.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
  // By path in the schema, not in the body: the same few unions may have failed in thousands of items.
  const branches = [...new Set(unions.map(({ schemaPath }) => `${schemaPath}/`))]
  return found.filter(({ schemaPath }) => !branches.some((branch) => schemaPath.startsWith(branch)))
}

function itemOf(error: FastifySchemaValidationError, context: string): ProblemItem {
  const [code, advice] = explain(error)
  const member = error.params.missingProperty ?? error.params.additionalProperty
  const escaped = typeof member === 'string' ? `/${member.replaceAll('~', '~0').replaceAll('/', '~1')}` : ''
  const pointer = bounded(error.instancePath + escaped)
  if (context === 'body') return { pointer, code, detail: `${pointer === '' ? 'The body' : pointer}: ${advice}` }
  const parameter = pointer.slice(1)
  return { parameter, code, detail: `${context === 'params' ? 'Path' : 'Query'} parameter ${parameter}: ${advice}` }
}

/** The code of a fault, and what to do about it. */
function explain(error: FastifySchemaValidationError): [code: string, advice: string] {
  const { keyword, params } = error
  const limit = String(params.limit)
  switch (keyword) {
    case 'type':
      return ['type', `send ${typeNames(params.type)}.`]
    case 'required':
      return ['required', 'add this field.']
    case 'additionalProperties':
      return ['unknown_field', 'remove it, there is no such field.']
    case 'const':
      return ['enum', `send ${bounded(JSON.stringify(params.allowedValue))}.`]
    case 'enum':
      return ['enum', `send one of ${bounded(JSON.stringify(params.allowedValues))}.`]
    case 'minimum':
    case 'exclusiveMinimum':
    case 'maximum':
    case 'exclusiveMaximum':
      return ['range', `send a number ${String(params.comparison)} ${limit}.`]
    case 'minItems':
      return ['min_items', `send at least ${counted(limit, 'item')}.`]
    case 'maxItems':
      return ['max_items', `send at most ${counted(limit, 'item')}.`]
    case 'minLength':
      return ['too_short', `send at least ${counted(limit, 'character')}.`]
    case 'maxLength':
      return ['too_long', `send at most ${counted(limit, 'character')}.`]
    case 'pattern':
    case 'format':
    case 'integerText':
      return ['format', `send ${description(error) ?? `a text of the form ${String(params.pattern ?? params.format)}`}.`]
    case 'blank':
      return ['blank', 'send more than blanks.']
    case 'unseen':
      return ['unseen_characters', 'remove controls, direction overrides and zero-width characters.']
    case 'precision':
      return ['precision', 'send at most two decimals.']
    default:
      return ['invalid', 'compare it with the documentation at /docs.']
  }
}

const counted = (count: string, what: string) => `${count} ${what}${count === '1' ? '' : 's'}`

/** What the schema itself says the value is. Only with Ajv's `verbose` do errors carry their schema. */
function description(error: FastifySchemaValidationError): string | undefined {
  return (error as { parentSchema?: { description?: string } }).parentSchema?.description
}

function typeNames(type: unknown): string {
  const names = Array.isArray(type) ? type.map(String) : String(type).split(',')
  return names.map((name) => TYPES[name] ?? name).join(' or ')
}
