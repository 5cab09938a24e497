import { put } from './kcat.ts'

/** A message as it lies in a log. */
export interface Said {
  /** Whose log it is. */
  readonly source: string
  readonly mailbox: string
  readonly key: string
  readonly type: string
  readonly id: string | null
  readonly definition: string | null
  readonly body: string
}

/** Puts a message on its topic by hand, with these attributes besides its own. */
export function say(
  prefix: string,
  { source, mailbox, key, type, id, definition, body }: Said,
  more: Readonly<Record<string, string>> = {},
): void {
  const own = { specversion: '1.0', id: id ?? `${key}:${type}`, source: `/${source}`, type, subject: key, mailbox }
  const attributes = Object.entries({ ...own, ...(definition !== null && { definition }), ...more })
  const headers = attributes.map(([name, value]) => `ce_${name}=${value}`)
  put(`${prefix}${mailbox}`, key, body, ['content-type=application/json', ...headers])
}
