/** What the handler of an event was seen to send. */
export interface EventEdge {
  readonly hears: string
  readonly sends: string
}

/** The loops among events whose handlers send events, once each: such a message would go round for ever. */
export function checkEventLoops(edges: readonly EventEdge[]): string[] {
  const loops = new Map<string, string>()
  for (const { hears } of edges) {
    const path = pathBack(edges, hears)
    if (!path) continue
    const loop = [...path].sort().join(' ')
    if (!loops.has(loop)) loops.set(loop, [...path, hears].join(' → '))
  }
  return [...loops.values()].map(
    (loop) => `the events ${loop} lead to each other without an end: let one handler send nothing, or something else`,
  )
}

/** The shortest way from an event to itself. */
function pathBack(edges: readonly EventEdge[], from: string): readonly string[] | undefined {
  const seen = new Set<string>()
  let paths: (readonly string[])[] = [[from]]
  while (paths.length > 0) {
    const next: (readonly string[])[] = []
    for (const path of paths) {
      for (const { sends } of edges.filter((edge) => edge.hears === path.at(-1))) {
        if (sends === from) return path
        if (!seen.has(sends)) next.push([...path, sends])
        seen.add(sends)
      }
    }
    paths = next
  }
  return undefined
}
