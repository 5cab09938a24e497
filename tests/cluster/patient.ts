/**
 * For a way to PostgreSQL (`TcpProxy.onRequest`): whoever connects by it sets a limit of time to many hours instead.
 *
 * @param limit as an instance sets it; what comes in its place is as long
 */
export const patient =
  (setting: string, limit: `${number}s`) =>
  (chunk: Buffer): undefined => {
    const text = `${setting} = '`
    const at = chunk.indexOf(`${text}${limit}'`)
    if (at >= 0) chunk.write('h'.padStart(limit.length, '9'), at + text.length)
  }
