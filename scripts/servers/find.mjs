import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where Kafka's jars are put; node_modules/.cache is not in git. */
export const jars = fileURLToPath(new URL('../../node_modules/.cache/comptoir/kafka', import.meta.url))

/** Kafka's classes as the Java machine has them in memory: with it Kafka starts in half of the time. */
export const archive = join(jars, 'kafka.jsa')

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The full path of a program; also of one that only root has on its path. */
export function which(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find(isProgram)
}

/** What it says its version is, on either output; undefined when it does not say or cannot be run. */
function versionOf(program, ...args) {
  if (program === undefined) return undefined
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return `${stdout}${stderr}`.match(/\d+(?:\.\d+)+/)?.[0]
}

/** The folders that may hold PostgreSQL's programs, the newest first: Debian keeps them by version and off the path. */
function postgresFolders() {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const onPath = which('postgres')
  return [...versions.map((version) => `${debian}/${version}/bin`), ...(onPath ? [dirname(onPath)] : [])]
}

function findPostgres() {
  for (const bin of postgresFolders()) {
    const version = versionOf(join(bin, 'postgres'), '--version')
    if (Number.parseInt(version, 10) >= 13 && isProgram(join(bin, 'initdb'))) return { bin, where: bin, version }
  }
  return undefined
}

const findProgram = (name, option) => () => {
  const program = which(name)
  const version = versionOf(program, option)
  return version && { program, where: program, version }
}

/** Java 17 or newer. */
export function findJava() {
  const program = which('java')
  const version = versionOf(program, '-version')
  return Number.parseInt(version, 10) >= 17 ? { program, version } : undefined
}

function findKafka() {
  const java = findJava()
  const names = existsSync(jars) ? readdirSync(jars) : []
  const version = names.map((name) => name.match(/^kafka_2\.13-(4\..*)\.jar$/)?.[1]).find(Boolean)
  return java && version && { program: java.program, where: `${jars} (Java ${java.version})`, version }
}

/** The servers of the tests and what else they need, with what installs them: Debian packages, and for Kafka more. */
export const servers = {
  PostgreSQL: { find: findPostgres, packages: ['postgresql'] },
  Redis: { find: findProgram('redis-server', '--version'), packages: ['redis-server'] },
  Kafka: { find: findKafka },
  nginx: { find: findProgram('nginx', '-v'), packages: ['nginx-light'] },
  kcat: { find: findProgram('kcat', '-V'), packages: ['kcat'] },
}

/** The one command that installs all of them. */
export const installCommand = 'npm run servers -- --install'

/** @throws when it is not there */
export function found(name) {
  const there = servers[name].find()
  if (!there) throw new Error(`${name} is missing. To install it: ${installCommand}`)
  return there
}
