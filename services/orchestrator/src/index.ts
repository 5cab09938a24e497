export { type OperatorOptions, operatorApi } from './api.ts'
export type { Installation } from './sagas.ts'
