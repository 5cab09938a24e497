import { availableParallelism, cpus, release, totalmem, type } from 'node:os'

/** What the figures were measured on; nothing that names the machine. */
export const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryGigabytes: Math.round(totalmem() / 1e9),
  node: process.version,
  os: `${type()} ${release()}`,
}

export const inWords = ({ cpu, cores, memoryGigabytes, node }: typeof machine): string =>
  `${cores} cores ${cpu}, ${memoryGigabytes} GB, Node ${node}`
