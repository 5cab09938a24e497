/** The deepest level of brackets outside strings; also of texts that are no JSON. */
export function depthOf(json: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charCodeAt(at)
    if (inString) {
      if (character === BACKSLASH) at += 1
      else if (character === QUOTE) inString = false
    } else if (character === QUOTE) inString = true
    else if (character === BRACKET || character === BRACE) {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if (character === CLOSING_BRACKET || character === CLOSING_BRACE) depth -= 1
  }
  return deepest
}

const [QUOTE, BACKSLASH, BRACKET, CLOSING_BRACKET, BRACE, CLOSING_BRACE] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d] as const
