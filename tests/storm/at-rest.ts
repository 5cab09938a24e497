/** Far above what it takes on a busy machine until nothing moves any more. In milliseconds. */
const restMs = 120_000

/**
 * The violations of the first look that finds none, or of the last one before the deadline. Some last for a moment only: what
 * lies in Kafka no service counts as its own, and shows as a message that was not handled.
 */
export async function violationsAtRest(look: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const end = performance.now() + restMs
  for (;;) {
    const violations = await look()
    if (violations.length === 0 || performance.now() > end) return violations
  }
}
