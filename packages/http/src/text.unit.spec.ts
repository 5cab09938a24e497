import { describe, expect, it } from 'vitest'
import { hasUnseen, normalText } from './text.ts'

describe('text', () => {
  it('row 31: composed and decomposed text become the same', () => {
    expect(normalText(' Caf\u0065\u0301 ')).toBe('Caf\u00e9')
  })

  it('row 31: controls, direction overrides and zero-width characters are found', () => {
    for (const unseen of ['\n', '\u0000', '\u007f', '\u0085', '\u202e', '\u2066', '\u200b', '\ufeff']) {
      expect(hasUnseen(`a${unseen}b`), JSON.stringify(unseen)).toBe(true)
    }
  })

  it('row 32: what only looks dangerous is text', () => {
    for (const text of ['<script>', '=HYPERLINK()', '{{7*7}}', "' OR 1=1", 'é 漢字 👩‍👩‍👧 عربى'])
      expect(hasUnseen(text)).toBe(false)
  })
})
