import type { FastifyServerOptions } from 'fastify'
import { hasPrecision } from './money.ts'
import { hasUnseen } from './text.ts'

type AjvPlugin = Extract<NonNullable<NonNullable<FastifyServerOptions['ajv']>['plugins']>[number], (...args: never[]) => unknown>

/** Bounds of an integer that is written as text, as in a path or a query string. */
export interface IntegerTextBounds {
  readonly minimum: number
  readonly maximum: number
}

/**
 * What JSON Schema cannot say, said in the schema all the same, so that validation and OpenAPI come from one source:
 * - `blank: false`: the text has more than blanks;
 * - `unseen: false`: the text has no controls, direction overrides or other characters that nobody sees;
 * - `precision: 2`: the number has at most two decimals;
 * - `integerText: { minimum, maximum }`: the text is an integer in plain digits within the bounds.
 */
export const keywords: AjvPlugin = (ajv) => {
  ajv.addKeyword({
    keyword: 'blank',
    type: 'string',
    schemaType: 'boolean',
    validate: (allowed: boolean, text: string) => allowed || text.trim() !== '',
  })
  ajv.addKeyword({
    keyword: 'unseen',
    type: 'string',
    schemaType: 'boolean',
    validate: (allowed: boolean, text: string) => allowed || !hasUnseen(text),
  })
  ajv.addKeyword({
    keyword: 'precision',
    type: 'number',
    schemaType: 'number',
    validate: (places: number, number: number) => hasPrecision(number, places),
  })
  ajv.addKeyword({
    keyword: 'integerText',
    type: 'string',
    schemaType: 'object',
    validate: ({ minimum, maximum }: IntegerTextBounds, text: string) =>
      /^(?:0|[1-9]\d{0,15})$/.test(text) && Number(text) >= minimum && Number(text) <= maximum,
  })
  return ajv
}
