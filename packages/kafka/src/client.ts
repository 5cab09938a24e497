// The only file that imports the client, so that what it needs stands before it.
import './with-resolvers.ts'

export {
  Admin,
  Consumer,
  compatibilityPartitioner,
  findErrorBy,
  type Message,
  type MessagesStream,
  type MessageToProduce,
  ProduceAcks,
  Producer,
} from '@platformatic/kafka'
