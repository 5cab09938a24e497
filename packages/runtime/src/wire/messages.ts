import type { Value } from '../ports/database.ts'
import type { Output } from './output.ts'
import { writeParameter } from './parameters.ts'

/** A statement that the server has parsed under a name. */
export interface Prepared {
  readonly name: string
  /** Type OIDs, one per parameter. */
  readonly parameters: readonly number[]
}

const SYNC = Buffer.from([0x53, 0, 0, 0, 4])
/** Executes the unnamed portal without a row limit. */
const EXECUTE = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0])

function message(output: Output, type: string, body: () => void): void {
  output.byte(type.charCodeAt(0))
  const length = output.gap()
  body()
  output.fill(length, 4)
}

/** Parses a statement and asks for its parameter and column types. */
export function writeParse(output: Output, name: string, text: string): void {
  message(output, 'P', () => {
    output.terminated(name)
    output.terminated(text)
    output.int16(0)
  })
  message(output, 'D', () => {
    output.text('S')
    output.terminated(name)
  })
}

/** Parses a statement, asks for its parameter and column types, and ends the exchange. */
export function writePrepare(output: Output, name: string, text: string): void {
  writeParse(output, name, text)
  writeSync(output)
}

/** Forgets a prepared statement. */
export function writeClose(output: Output, name: string): void {
  message(output, 'C', () => {
    output.text('S')
    output.terminated(name)
  })
}

/**
 * Binds and executes a prepared statement. On a throw, nothing has been added to the output.
 *
 * @throws TypeError for a value that no parameter can have, or a wrong number of values
 * @throws DatabaseError 54001 for JSON nested too deeply
 */
export function writeExecution(output: Output, statement: Prepared, values: readonly Value[]): void {
  const { parameters } = statement
  if (values.length !== parameters.length) {
    throw new TypeError(`the statement has ${parameters.length} parameters, and ${values.length} values were given`)
  }
  const start = output.length
  try {
    // 'B', by hand: a closure per execution shows in profiles.
    output.byte(0x42)
    const length = output.gap()
    output.byte(0)
    output.terminated(statement.name)
    writeValues(output, parameters, values)
    output.int16(0)
    output.fill(length, 4)
    output.bytes(EXECUTE)
  } catch (error) {
    output.truncate(start)
    throw error
  }
}

/** A text of many statements. */
export function writeScript(output: Output, text: string): void {
  message(output, 'Q', () => output.terminated(text))
}

export function writeSync(output: Output): void {
  output.bytes(SYNC)
}

/** Formats come before values on the wire, and are known only once each value has been seen: they are filled in after. */
function writeValues(output: Output, parameters: readonly number[], values: readonly Value[]): void {
  output.int16(values.length)
  const formats = output.length
  for (let index = 0; index < values.length; index += 1) output.int16(0)
  output.int16(values.length)
  for (const [index, type] of parameters.entries()) {
    const binary = writeParameter(output, type, values[index], index + 1)
    if (binary) output.setInt16(formats + 2 * index, 1)
  }
}
