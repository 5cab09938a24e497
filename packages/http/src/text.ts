/**
 * Characters that change what a reader sees without being seen: controls (C0, DEL, C1), line and paragraph separators,
 * direction marks and overrides, zero-width space, word joiner, BOM. Zero-width joiners stay: several scripts and most
 * emoji need them.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/

/** Whether the text holds controls, direction overrides or other characters that nobody sees. */
export function hasUnseen(text: string): boolean {
  return UNSEEN.test(text)
}

/** The form in which texts are stored and compared: NFC, without blanks at either end. */
export function normalText(text: string): string {
  return text.normalize('NFC').trim()
}
