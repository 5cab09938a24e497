/** One thing that the doctor looked at. */
export interface Finding {
  readonly ok: boolean
  /** What was found; when it is not well, also what to do. */
  readonly text: string
}
export const well = (text: string): Finding => ({ ok: true, text })
export const ill = (text: string): Finding => ({ ok: false, text })
