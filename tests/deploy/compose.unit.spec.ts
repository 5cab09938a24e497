import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { root } from '../kit/command.ts'
import { composeSchema } from './compose-schema.ts'
import { type ComposeService, commandIn, compose, composeText, dockerfile, lastOf, service } from './shipped.ts'

const services: [string, ComposeService][] = Object.entries(compose.services)
const instances = services.filter(([, { build }]) => build !== undefined)
/** A tag that is a version, of three parts where its makers number so. */
const version = /^[a-z0-9/._-]+:\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?$/

describe('compose.yaml', () => {
  it('is as the Compose Specification wants it', () => {
    const validate = new Ajv({ allErrors: true }).compile(composeSchema)
    validate(compose)
    expect(validate.errors ?? []).toEqual([])
  })

  it('has two instances of each service, a gateway, PostgreSQL, Kafka and Redis', () => {
    const twice = ['orchestrator', 'payments', 'store'].flatMap((name) => [`${name}-1`, `${name}-2`])
    expect(Object.keys(compose.services).sort()).toEqual([...twice, 'gateway', 'kafka', 'postgres', 'redis'].sort())
  })

  it.each(services)('%s: is of one version, not root, on a read-only file system, and says whether it is well', (_, one) => {
    expect(one.image).toMatch(version)
    expect(one.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(one).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
    expect(one.healthcheck.test.length).toBeGreaterThan(1)
    for (const { condition } of Object.values(one.depends_on ?? {})) expect(condition).toBe('service_healthy')
  })

  it('runs the Kafka that the tests run', () => {
    const pom = readFileSync(resolve(root, 'scripts/servers/kafka.pom.xml'), 'utf8')
    const tested = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>(.+?)<\/version>/.exec(pom)?.[1]
    expect(compose.services.kafka?.image).toBe(`apache/kafka:${tested}`)
  })

  it('has no secret: each is asked for, and named nowhere else', () => {
    const secrets = services.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(([key, value]) => /PASSWORD|SECRET|TOKEN|AUTH/.test(key) || value.includes('@')),
    )
    expect(secrets.length).toBeGreaterThan(5)
    for (const [key, value] of secrets) expect(value, key).toMatch(/^([a-z]+:\/\/\w*:)?\$\{\w+_PASSWORD:\?[^}]+\}(@[\w:/]+)?$/)
    // No default, which `:-` would be.
    expect(composeText).not.toMatch(/\$\{\w+:?-/)
  })

  it('is reached from this machine only', () => {
    const published = services.flatMap(([, { ports = [] }]) => ports)
    expect(published).toEqual(['127.0.0.1:8080:8080'])
    for (const [, { networks = [] }] of services.filter(([name]) => ['postgres', 'kafka', 'redis'].includes(name)))
      expect(networks.map((network) => compose.networks[network])).toEqual([{ internal: true }])
  })

  it.each(instances)('%s: shares the loopback of the gateway, and waits for all it needs', (_, one) => {
    expect(one.network_mode).toBe('service:gateway')
    expect(one.networks).toBeUndefined()
    expect(Object.keys(one.depends_on ?? {}).sort()).toEqual(['gateway', 'kafka', 'postgres', 'redis'])
  })

  it('tells the gateway the ports of the instances', () => {
    const gateway = readFileSync(`${root}deploy/nginx/gateway.conf`, 'utf8')
    for (const name of ['store', 'payments', 'orchestrator'])
      for (const kind of ['reads', 'writes']) {
        const block = new RegExp(`upstream ${name}_${kind} \\{([^}]*)\\}`).exec(gateway)?.[1] ?? ''
        const ports = [...block.matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => match[1])
        expect(ports).toEqual([1, 2].map((number) => service(`${name}-${number}`).environment?.PORT))
      }
  })
})

describe('the orchestrator', () => {
  it('calls every instance of the participants', () => {
    const { STORE_URL, PAYMENTS_URL } = service('orchestrator-1').environment ?? {}
    const of = (name: string) => [1, 2].map((n) => `http://127.0.0.1:${service(`${name}-${n}`).environment?.PORT}`).join(',')
    expect([STORE_URL, PAYMENTS_URL]).toEqual([of('store'), of('payments')])
  })
})

describe('the Dockerfile', () => {
  it('builds on one version, and runs as somebody who is not root', () => {
    const bases = dockerfile.filter(([instruction]) => instruction === 'FROM').map(([, args]) => args.split(' ')[0])
    for (const base of bases) expect(base).toMatch(version)
    expect(new Set(bases).size).toBe(1)
    expect(dockerfile.map(([name]) => name).lastIndexOf('USER')).toBeGreaterThan(
      dockerfile.map(([name]) => name).lastIndexOf('FROM'),
    )
    expect(lastOf('USER')).toBe('node')
  })

  it('starts Node itself, so that the signal to stop gets there', () => {
    expect(lastOf('ENTRYPOINT')).toMatch(/^\["node", /)
  })

  it('gets nothing from the working folder but what .dockerignore lists', () => {
    const [first, ...patterns] = readFileSync(`${root}.dockerignore`, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    expect(first).toBe('*')
    for (const pattern of patterns) {
      if (pattern.startsWith('!')) expect(existsSync(`${root}${pattern.slice(1)}`), pattern).toBe(true)
    }
    expect(patterns).toEqual(expect.arrayContaining(['**/node_modules', '**/dist']))
  })

  it('asks how it is in the same words as compose.yaml', () => {
    const asked = ['CMD', ...commandIn(lastOf('HEALTHCHECK'))]
    for (const [, { healthcheck }] of instances) expect(healthcheck.test).toEqual(asked)
  })
})
