import { expect } from 'vitest'
import type { Server } from '../../scripts/servers/own.mjs'
import { family } from '../../scripts/servers/processes.mjs'
import { freeze } from '../cluster/storm.ts'
import type { Random } from '../crash/random.ts'
import { until } from '../kit/wait.ts'
import type { Deployment } from './deployment.ts'

/** What happens to a part of a deployment; in the end the part is there again. */
export interface DeploymentFault {
  readonly what: string
  act(): Promise<void>
}

type Service = 'store' | 'payments' | 'orchestrator'

/** Something of everything: every service is killed, frozen and stopped, every server killed or restarted, the gateway reloaded. */
export function faultsOf(deployment: Deployment, kafka: Server, random: Random): readonly DeploymentFault[] {
  const { postgres, redis } = deployment
  const one = (what: string, service: Service, act: (name: string) => Promise<void>): DeploymentFault => {
    const name = `${service}-${random.between(1, 2)}`
    return { what: `${name} ${what}`, act: () => act(name) }
  }
  const kill = (service: Service) => one('is killed', service, (name) => end(deployment, name, 'kill'))
  const stop = (service: Service) => one('is stopped', service, (name) => end(deployment, name, 'stop'))
  const still = (service: Service) => one('stands still', service, (name) => freeze(deployment.instance(name)))
  return [
    kill('store'),
    still('payments'),
    restart('Kafka', kafka, 'clean'),
    stop('store'),
    kill('payments'),
    restart('Redis', redis, 'kill'),
    still('store'),
    restart('PostgreSQL', postgres, 'clean'),
    { what: 'nginx is reloaded', act: () => reload(deployment) },
    kill('orchestrator'),
    restart('Kafka', kafka, 'kill'),
    stop('payments'),
    still('orchestrator'),
    restart('PostgreSQL', postgres, 'kill'),
    stop('orchestrator'),
  ]
}

async function end(deployment: Deployment, name: string, how: 'kill' | 'stop'): Promise<void> {
  const instance = deployment.instance(name)
  expect(await instance[how](), instance.output()).toEqual(
    how === 'kill' ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null },
  )
  await deployment.again(name)
}

const restart = (name: string, server: Server, how: 'clean' | 'kill'): DeploymentFault => ({
  what: how === 'kill' ? `${name} is killed` : `${name} is restarted`,
  async act() {
    await server.stop(how)
    await server.start()
  },
})

/** nginx reads its configuration again: a new worker takes what comes, the one before ends when it has answered all. */
async function reload({ gateway }: Deployment): Promise<void> {
  const before = family(gateway.pid)
  gateway.child.kill('SIGHUP')
  await until('a new worker of nginx', () => family(gateway.pid).some((pid) => !before.includes(pid)))
}
