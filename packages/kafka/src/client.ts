// The only file that imports the client, so that what it needs stands before it.
import './with-resolvers.ts'

export {
  Admin,
  type API,
  type Callback,
  type Connection,
  Consumer,
  compatibilityPartitioner,
  crc32c,
  findErrorBy,
  type KafkaRecord,
  kGetApi,
  type Message,
  type MessagesStream,
  type MessageToProduce,
  ProduceAcks,
  Producer,
  Reader,
  type RecordsBatch,
  readRecordsBatches,
  Writer,
} from '@platformatic/kafka'
