export { type RedisReadStoreOptions, redisReadStore } from './redis-read-store.ts'
export { type RedisSignalsOptions, redisSignals } from './redis-signals.ts'
export { type RedisSurvey, surveyRedis } from './survey.ts'
