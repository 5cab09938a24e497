export { kafkaBroker } from './kafka-broker.ts'
export type { KafkaOptions } from './settings.ts'
export { type MailboxSurvey, type Survey, surveyKafka } from './survey.ts'
