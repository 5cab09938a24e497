export { copyPrepared, hasDatabase } from './data-folder.ts'
export { openPglite, type PgliteDatabase, type PgliteOptions } from './database.ts'
export { claimFolder, type FolderClaim, FolderInUse, type Holder, type HolderDetails, readHolder } from './folder-lock.ts'
