export { openPostgres, type PostgresDatabase, type PostgresOptions } from './database.ts'
