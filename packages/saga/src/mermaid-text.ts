/** Words with a meaning of their own at the beginning of a line of Mermaid, whatever their case. */
const reserved = new Set(
  `accdescr acctitle activate actor alt and as autonumber box break choice class classdef click create critical deactivate
  default destroy details direction else end fork hide join left link links loop note off opt option over par par_over
  participant properties rect right scale sequencediagram state statediagram style title`.split(/\s+/),
)

/** An identifier for each name, which Mermaid takes for nothing else; the name itself wherever that is possible. */
export function mermaidIds(names: Iterable<string>): ReadonlyMap<string, string> {
  const all = new Set(names)
  const ids = new Map<string, string>()
  const taken = new Set(all)
  for (const name of all) {
    let id = name.replaceAll('-', '_')
    while (reserved.has(id.toLowerCase()) || (id !== name && taken.has(id))) id += '_'
    taken.add(id)
    ids.set(name, id)
  }
  return ids
}

/** Text as Mermaid shows it: what would end the line, or begin an entity, is written as an entity. */
export const mermaidText = (text: string): string =>
  text.replace(/[#;\r\n]/g, (char) => (char === '\n' || char === '\r' ? ' ' : `#${char.charCodeAt(0)};`))
