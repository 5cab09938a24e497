import { DatabaseError } from '../ports/database.ts'
import { writeScript } from '../wire/messages.ts'
import type { Replies } from '../wire/replies.ts'
import type { Answered, Session } from './session.ts'
import { settingsOf } from './settings.ts'

/**
 * Runs many statements, by PostgreSQL's rules for such a text: all in one transaction, but for what it commits itself. They
 * may take as long as they need. What the text has set for its session does not stay.
 *
 * @throws DatabaseError of the statement that failed
 */
export async function runScript(session: Session, text: string, application: string): Promise<void> {
  if (text.includes('\0')) throw new TypeError('SQL text contains U+0000')
  let failure = await runAll(session, ['set statement_timeout = 0', text])
  if (session.status !== 'idle' && !session.lost) {
    failure ??= new DatabaseError('the script began a transaction and did not end it', '25001')
    await runAll(session, ['rollback'])
  }
  session.statements.catalog.forget()
  session.statements.clear()
  const unclean = await runAll(session, ['discard all', settingsOf(application)])
  if (unclean) session.lose(unclean)
  if (failure) throw failure
}

/** Runs texts by the simple protocol, sent at once, and answers the first failure. */
export async function runAll(session: Session, texts: readonly string[]): Promise<DatabaseError | undefined> {
  const failures = texts.map(
    (text) =>
      new Promise<DatabaseError | undefined>((resolve) => {
        writeScript(session.output, text)
        session.expect(new Script(session, resolve))
      }),
  )
  session.send()
  return (await Promise.all(failures)).find((failure) => failure !== undefined)
}

class Script implements Answered {
  readonly patience = Number.POSITIVE_INFINITY
  readonly #session: Session
  readonly #settle: (failure?: DatabaseError) => void

  constructor(session: Session, settle: (failure?: DatabaseError) => void) {
    this.#session = session
    this.#settle = settle
  }

  answer(replies: Replies, lost?: DatabaseError): void {
    let failure = lost
    for (; replies.type !== 'Z' && replies.type !== ''; replies.next()) {
      if (replies.type === 'E') failure ??= replies.error().error
    }
    if (!lost) this.#session.readStatus(replies)
    this.#settle(failure)
  }

  unsent(lost: DatabaseError): void {
    this.#settle(lost)
  }
}
