import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/**
 * What becomes of a call on its way to a participant. pass: it arrives, and its answer comes back. hang: it arrives nowhere,
 * and nothing comes back. lose: it arrives, and its answer is lost. refuse: it arrives nowhere, and 503 comes back. raise: the
 * participant was reached and failed, and 500 comes back.
 */
export type Fate = 'pass' | 'hang' | 'lose' | 'refuse' | 'raise'

/** Stands between the orchestrator and a participant. */
export interface ParticipantProxy {
  readonly url: string
  fate: Fate
  /** The paths that were called, in order. */
  readonly calls: string[]
  /** Where each call stands in a trace. */
  readonly traces: (string | undefined)[]
  close(): Promise<void>
}

/** @param call makes the call at the participant, and answers what its body says */
export async function participantProxy(call: (path: string, body: unknown) => Promise<unknown>): Promise<ParticipantProxy> {
  const calls: string[] = []
  const traces: (string | undefined)[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body: unknown = JSON.parse(await text(request))
    calls.push(request.url ?? '')
    traces.push(request.headers.traceparent as string | undefined)
    const { fate } = proxy
    if (fate === 'hang') return
    if (fate === 'refuse') {
      response.writeHead(503, { 'content-type': 'application/problem+json' }).end('{"detail":"Not just now."}')
      return
    }
    if (fate === 'raise') {
      response.writeHead(500, { 'content-type': 'application/problem+json' }).end('{"detail":"Something went wrong in here."}')
      return
    }
    const said = await call(request.url ?? '', body)
    if (fate === 'lose') response.destroy()
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said))
  }
  const server = createServer((request, response) => void answer(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const proxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fate: 'pass' as Fate,
    calls,
    traces,
    async close() {
      server.close().closeAllConnections()
      await once(server, 'close')
    },
  }
  return proxy
}
