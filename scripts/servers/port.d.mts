/** A port of 127.0.0.1 that nobody listens on, outside of those that outgoing connections get. */
export function freePort(): Promise<number>
