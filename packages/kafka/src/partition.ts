const [SEED, M] = [0x9747b28c, 0x5bd1e995] as const

/**
 * Where Kafka's own clients put a record with that key: other programs may write to these topics, and a key's messages stay in
 * order in one partition only. (Apache Kafka, `Utils.murmur2` and `BuiltInPartitioner.partitionForKey`. The client's own
 * function does the same with integers of any length, of which it makes ninety for a key.)
 */
export const partitionOf = (key: Buffer, partitions: number): number => (murmur2(key) & 0x7fffffff) % partitions

function murmur2(data: Buffer): number {
  const whole = data.length - (data.length % 4)
  let hash = SEED ^ data.length
  for (let at = 0; at < whole; at += 4) {
    const part = Math.imul(data.readInt32LE(at), M)
    hash = Math.imul(hash, M) ^ Math.imul(part ^ (part >>> 24), M)
  }
  if (whole < data.length) hash = Math.imul(hash ^ data.readUIntLE(whole, data.length - whole), M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}
