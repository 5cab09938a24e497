/**
 * Waits until the condition holds, looking again after every turn of the event loop.
 *
 * @throws when it does not hold within the deadline (milliseconds)
 */
export async function eventually(condition: () => boolean | Promise<boolean>, deadline = 30_000): Promise<void> {
  const end = performance.now() + deadline
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not so within ${deadline} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Holds after so many looks: time for a consumer to do what it must not do. */
export function turns(count: number): () => boolean {
  let left = count
  return () => --left < 0
}
