export { kafkaBroker } from './kafka-broker.ts'
export type { KafkaOptions } from './settings.ts'
