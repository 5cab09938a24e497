import { isUtf8 } from 'node:buffer'
import { parse, textOf } from './json-text.ts'
import type { FetchedRecord } from './record-client.ts'
import { Refusal } from './refusal.ts'

/** A CloudEvent as it arrived: its attributes as strings, its data as JSON text. */
export interface ReceivedEvent {
  readonly attributes: ReadonlyMap<string, string>
  readonly body: string
}

const PREFIX = 'ce_'
const JSON_TYPE = 'application/json'
const STRUCTURED = 'application/cloudevents+json'
/** CloudEvents 1.0, 3.1: lower-case letters and digits. */
const ATTRIBUTE_NAME = /^[a-z0-9]+$/
/** CloudEvents 1.0, type String: no controls, no lone surrogates. */
const NOT_TEXT = /[\p{Cc}\p{Surrogate}]/u
const PRINTABLE = /^[ -~]*$/
const MAX_INTEGER = 2 ** 31

/**
 * Reads a record in the binary or the structured mode of the CloudEvents binding for Kafka; which of them, its content type
 * says (none: binary).
 *
 * @throws Refusal
 */
export function receivedEvent(record: Pick<FetchedRecord, 'headers' | 'value'>): ReceivedEvent {
  const headers = readHeaders(record)
  const mediaType = mediaTypeOf(headers.contentType)
  if (mediaType === STRUCTURED) return structured(textOf(record.value), headers.attributes)
  if (!isJson(mediaType)) throw new Refusal('undecodable', `the content type is ${mediaType}`)
  const body = textOf(record.value)
  parse(body)
  return { attributes: headers.attributes, body }
}

/** @throws Refusal for a character set that is not UTF-8 */
function mediaTypeOf(contentType = JSON_TYPE): string {
  if (contentType === JSON_TYPE) return contentType
  const [mediaType = '', ...parameters] = contentType.toLowerCase().split(';').map(trimmed)
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length)
  if (charset !== undefined && charset.replaceAll('"', '') !== 'utf-8')
    throw new Refusal('undecodable', `the character set is ${charset}`)
  return mediaType
}

const trimmed = (text: string): string => text.trim()
const isJson = (mediaType: string): boolean =>
  mediaType === JSON_TYPE || (mediaType.endsWith('+json') && !mediaType.startsWith('application/cloudevents'))

function readHeaders(record: Pick<FetchedRecord, 'headers'>) {
  const attributes = new Map<string, string>()
  let contentType: string | undefined
  for (const [key, value] of record.headers) {
    const name = key?.toString('latin1') ?? ''
    if (name === 'content-type') contentType = headerText(name, value)
    else if (name.startsWith(PREFIX)) {
      const attribute = attributeName(name.slice(PREFIX.length))
      const text = headerText(name, value)
      const known = attributes.get(attribute)
      if (known !== undefined && known !== text) throw new Refusal('invalid_cloudevent', `${name} is there twice`)
      attributes.set(attribute, text)
    }
  }
  return { attributes, contentType }
}

function headerText(name: string, value: Buffer | null): string {
  if (!value || value.length === 0) throw new Refusal('invalid_cloudevent', `${name} is empty`)
  // As nearly always: then every byte is a character, and none that is no text.
  const ascii = value.toString('latin1')
  if (PRINTABLE.test(ascii)) return ascii
  if (!isUtf8(value)) throw new Refusal('invalid_cloudevent', `${name} is not UTF-8`)
  return checkText(name, value.toString())
}

function attributeName(name: string): string {
  if (!ATTRIBUTE_NAME.test(name)) throw new Refusal('invalid_cloudevent', `${name} is no name of an attribute`)
  return name
}

function checkText(name: string, text: string): string {
  if (NOT_TEXT.test(text)) throw new Refusal('invalid_cloudevent', `${name} holds characters that are no text`)
  return text
}

function structured(text: string, headers: ReadonlyMap<string, string>): ReceivedEvent {
  const event = parse(text)
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    throw new Refusal('undecodable', 'the value is no JSON object')
  const attributes = new Map<string, string>()
  for (const [name, value] of Object.entries(event)) {
    if (name === 'data' || value === null) continue
    if (name === 'data_base64') throw new Refusal('undecodable', 'the data is binary')
    attributes.set(attributeName(name), attributeText(name, value))
  }
  for (const [name, value] of headers)
    if (attributes.get(name) !== value) throw new Refusal('invalid_cloudevent', `header and body disagree about ${name}`)
  const contentType = attributes.get('datacontenttype') ?? JSON_TYPE
  if (!isJson(trimmed(contentType.toLowerCase().split(';')[0] ?? '')))
    throw new Refusal('undecodable', `the data is ${contentType}`)
  if (!('data' in event)) throw new Refusal('undecodable', 'there is no data')
  return { attributes, body: JSON.stringify(event.data) }
}

function attributeText(name: string, value: unknown): string {
  if (value === '') throw new Refusal('invalid_cloudevent', `${name} is empty`)
  if (typeof value === 'string') return checkText(name, value)
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number' && Number.isInteger(value) && value >= -MAX_INTEGER && value < MAX_INTEGER) return String(value)
  throw new Refusal('invalid_cloudevent', `${name} is neither text, boolean nor an integer of 32 bits`)
}
