/** Has a shell run a script once this process has ended, however it ended; answers what calls it off. */
export function whenWeHaveEnded(script: string, ...args: readonly string[]): () => void
