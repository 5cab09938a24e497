import { databaseName, openDatabase } from '../../../packages/runtime/src/testing/open-database.ts'
import { projectReadModel } from './read-model.ts'
import { readingConformance } from './reading-conformance.fixture.ts'
import { ReadingShop, seededStore } from './reading-shop.fixture.ts'

readingConformance(
  `the tables on ${databaseName}`,
  async () => new ReadingShop(await seededStore(await openDatabase())).start(),
  {
    statements: 1,
    bringLate: ({ work }, product) =>
      work.ports.database.transaction((tx) => projectReadModel(tx, new Map([['stock', [product]]]))),
  },
)
