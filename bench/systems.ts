import { openComptoir } from './comptoir.ts'
import { openHandWritten } from './hand-written/open.ts'

/** The two that are held against each other. */
export const systems = { comptoir: openComptoir, 'hand-written': openHandWritten } as const
export type SystemName = keyof typeof systems
