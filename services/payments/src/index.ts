export { type PaymentsOptions, paymentsApi } from './api.ts'
export { putOnHold } from './holds.ts'
export { defaultCeiling, paymentsMigrations, paymentsService } from './service.ts'
