import type { Scalar } from '../ports/database.ts'

const special = /["\\]/g

/** An array literal, every element quoted: `{"1","a \"b\"",NULL}`. */
export function arrayText(elements: readonly Scalar[]): string {
  const texts = elements.map((element) => (element === null ? 'NULL' : `"${String(element).replace(special, '\\$&')}"`))
  return `{${texts.join()}}`
}

/**
 * Reads the literal of a one-dimensional array.
 *
 * @throws TypeError for more dimensions or other bounds than 1
 */
export function parseArray<T>(literal: string, element: (text: string) => T): (T | null)[] {
  if (!literal.startsWith('{') || literal.startsWith('{{')) throw new TypeError('only one-dimensional arrays are read')
  const elements: (T | null)[] = []
  let at = 1
  while (at < literal.length - 1) {
    if (literal[at] === '"') {
      const end = closingQuote(literal, at)
      elements.push(element(literal.slice(at + 1, end).replace(/\\(.)/gs, '$1')))
      at = end + 2
    } else {
      const comma = literal.indexOf(',', at)
      const end = comma < 0 ? literal.length - 1 : comma
      const text = literal.slice(at, end)
      elements.push(text === 'NULL' ? null : element(text))
      at = end + 1
    }
  }
  return elements
}

function closingQuote(literal: string, opening: number): number {
  let at = opening + 1
  while (literal[at] !== '"') at += literal[at] === '\\' ? 2 : 1
  return at
}
