import type { Server } from './own.mjs'

export interface NginxServer extends Server {
  readonly url: string
}

export interface NginxOptions {
  /** What stands within `http { }`, with a server that listens on 127.0.0.1 and the port; or what makes it from these. */
  readonly config: string | ((place: { readonly port: number; readonly folder: string }) => string)
  /** Its place; a temporary one by default, gone with this process. */
  readonly folder?: string
  /** A free one by default. */
  readonly port?: number
}

export function startNginx(options: NginxOptions): Promise<NginxServer>
