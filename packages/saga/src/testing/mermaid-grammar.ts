/**
 * What is wrong with a text as a Mermaid diagram of the two kinds that we draw; empty when nothing is. Stricter than Mermaid:
 * it knows the few forms of lines that we write, each whole, and refuses words that Mermaid reads as something else.
 */
export function mermaidFaults(diagram: string): string[] {
  const [head = '', ...lines] = diagram.split('\n')
  if (lines.pop() !== '') return ['the last line has no end']
  if (head === 'stateDiagram-v2') return lines.flatMap((line) => stateFaults(line))
  return head === 'sequenceDiagram' ? sequenceFaults(lines) : [`no diagram that we draw: ${head}`]
}

/** Mermaid's own words of both diagrams, which its lexer finds at the beginning of a line in any case. */
const words =
  /^(participant|actor|create|destroy|box|loop|rect|opt|alt|else|par|par_over|and|critical|option|break|end|links?|properties|details|over|note|activate|deactivate|title|autonumber|state|class|classdef|style|click|direction|hide|scale|as|default|left|right|off|fork|join|choice|acctitle|accdescr)$/i

const isId = (text: string): boolean => /^[A-Za-z][A-Za-z0-9_]*$/.test(text) && !words.test(text)
/** To the end of the line: `;` would end it, `#` begins an entity. */
const isText = (text: string): boolean => /^[^;]+$/.test(text.replaceAll(/#\d+;/g, '')) && !/#(?!\d+;)/.test(text)

function stateFaults(line: string): string[] {
  const [, from, to, text] = /^ {2}(\S+) --> (\S+)(?: : (\S+))?$/.exec(line) ?? []
  const [, id] = /^ {2}state "\w+" as (\w+)$/.exec(line) ?? []
  if (id !== undefined) return isId(id) ? [] : [line]
  const named = (name: string | undefined) => name === '[*]' || (name !== undefined && isId(name))
  return named(from) && named(to) && (text === undefined || isText(text)) ? [] : [line]
}

function sequenceFaults(lines: readonly string[]): string[] {
  const faults: string[] = []
  const places = new Set<string>()
  /** One entry for each open alt: how many branches it has. */
  const open: number[] = []
  for (const line of lines) {
    const text = line.trim()
    const [, place] = /^participant (\w+)(?: as [\w-]+)?$/.exec(text) ?? []
    const [, from, to, said] = /^(\w+)--?>>(\w+): (.+)$/.exec(text) ?? []
    const [, over, noted] = /^Note over (\w+): (.+)$/.exec(text) ?? []
    const [, branch, label] = /^(alt|else) (.+)$/.exec(text) ?? []
    if (place !== undefined) {
      if (!isId(place) || places.has(place)) faults.push(line)
      places.add(place)
    } else if (branch !== undefined) {
      if (branch === 'alt') open.push(1)
      else if (open.length === 0) faults.push(line)
      else open.push((open.pop() ?? 0) + 1)
      if (!isText(label ?? '')) faults.push(line)
    } else if (text === 'end') {
      if ((open.pop() ?? 0) !== 2) faults.push(line)
    } else if (from !== undefined && to !== undefined) {
      if (!places.has(from) || !places.has(to) || !isText(said ?? '')) faults.push(line)
    } else if (over === undefined || !places.has(over) || !isText(noted ?? '')) faults.push(line)
  }
  return open.length === 0 ? faults : [...faults, 'an alt has no end']
}
