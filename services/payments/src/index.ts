export { putOnHold } from './holds.ts'
export { defaultCeiling, paymentsMigrations, paymentsService } from './service.ts'
