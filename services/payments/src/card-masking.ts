import { Problem, parseJson } from '@comptoir/http'
import type { FastifySchemaValidationError } from 'fastify'

/** Twelve digits or more, as people write card numbers. */
const NUMBER = /\d(?:[ -]?\d){11,}/g
const mask = (text: string): string => text.replaceAll(NUMBER, '…')

/**
 * Formats the faults of a body that may hold a card: takes out the values, which the validator adds to its faults for
 * whoever logs them, and card numbers in names of fields, which the answer would repeat.
 */
export function cardFaults(faults: FastifySchemaValidationError[]): Error {
  for (const fault of faults) {
    delete (fault as { data?: unknown }).data
    const name = fault.params.additionalProperty
    if (typeof name === 'string') fault.params.additionalProperty = mask(name)
  }
  return new Error('The card does not have the form of one')
}

/**
 * Parses a body that may hold a card as the server parses every body, without card numbers in the pointers of what it
 * throws, which are made of names of fields.
 */
export function parseCard(body: Uint8Array): unknown {
  try {
    return body.length === 0 ? undefined : parseJson(body)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const errors = error.errors.map((item) => (item.pointer === undefined ? item : { ...item, pointer: mask(item.pointer) }))
    throw new Problem(error.status, error.code, error.message, { errors, members: error.members, headers: error.headers })
  }
}
