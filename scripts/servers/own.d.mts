export interface StartOptions {
  /** Its place, kept when it exists; a temporary one by default, gone with this process. */
  readonly folder?: string
  /** A free one by default. */
  readonly port?: number
  /** Further settings, by the names of the server's own configuration; they win. */
  readonly settings?: Readonly<Record<string, string | number>>
}

/** A server of our own on 127.0.0.1. It does not outlive this process, however this process ends. */
export interface Server {
  readonly port: number
  readonly folder: string
  /** The file with what it says. */
  readonly log: string
  /** Of its main process; another one after every start. */
  readonly pid: number
  /** Again, on the same folder and port; resolves when it answers. @throws when it is running, or with what it said when it cannot start */
  start(): Promise<void>
  /** Clean by default; `kill` is a SIGKILL for it and all its children. Resolves when nothing of it is left; does nothing when it is down. */
  stop(how?: 'clean' | 'kill'): Promise<void>
  /** It and all its children stand still (SIGSTOP): it takes connections and does not answer. */
  pause(): void
  resume(): void
}
