import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { Problem } from './problem.ts'
import { IntegerText } from './schemas.ts'

const DEFAULT_LIMIT = 50
/** Bytes of the signature that a cursor carries. */
const SIGNATURE = 16

/** Schema of the query string of a list: `limit` 1 to 200 and `cursor`. Lists with more parameters spread its properties. */
export const PageQuery = Type.Object(
  {
    limit: Type.Optional(IntegerText({ minimum: 1, maximum: 200 })),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
  },
  { additionalProperties: false },
)
export type PageQuery = Static<typeof PageQuery>

/** How many rows a validated query asks for; 50 when it does not say. */
export function pageLimit({ limit }: PageQuery): number {
  return limit === undefined ? DEFAULT_LIMIT : Number(limit)
}

/**
 * Cursors of one list: a position as opaque text, signed, so that a client can neither make one up nor use one of another
 * list. `Position` is any JSON value, mostly the last row's sort key.
 */
export class Cursors<Position> {
  private readonly list: string
  private readonly secret: Uint8Array

  /** @param secret at least 32 random bytes, the same in every instance of the service */
  constructor(list: string, secret: Uint8Array) {
    this.list = list
    this.secret = secret
  }

  encode(position: Position): string {
    const text = Buffer.from(JSON.stringify(position))
    return Buffer.concat([this.sign(text), text]).toString('base64url')
  }

  /** @throws Problem 400 when this list never gave out this cursor */
  decode(cursor: string): Position {
    const bytes = Buffer.from(cursor, 'base64url')
    const [signature, text] = [bytes.subarray(0, SIGNATURE), bytes.subarray(SIGNATURE)]
    const forged = signature.length < SIGNATURE || !timingSafeEqual(signature, this.sign(text))
    // Node ignores characters that are not base64url; the text must be the one that was given out.
    if (forged || bytes.toString('base64url') !== cursor) {
      const detail = 'This cursor is not one of this list. Take it from "next" of the page before, or begin without it.'
      throw new Problem(400, 'cursor', detail, { errors: [{ parameter: 'cursor', code: 'cursor', detail }] })
    }
    return JSON.parse(text.toString()) as Position
  }

  private sign(text: Uint8Array): Buffer {
    return createHmac('sha256', this.secret).update(`${this.list}\n`).update(text).digest().subarray(0, SIGNATURE)
  }
}
