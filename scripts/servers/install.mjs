/** Installs what the tests' servers need: Debian packages by apt, Kafka's jars by Maven. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { archive, findJava, jars, servers, which } from './find.mjs'
import { startKafka } from './kafka.mjs'

/**
 * Nothing of it may run afterwards, now or after the next boot, except what ran before: its services are not started
 * (policy-rc.d says so while the packages are set up, and goes again), PostgreSQL's package makes no cluster, and the
 * services that are new are disabled where systemd would start them.
 */
const quietly = `
export DEBIAN_FRONTEND=noninteractive ours=
policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.d/comptoir-tests.conf
tidy() { rm -f "$clusters"; rmdir --ignore-fail-on-non-empty "\${clusters%/*}"; [ -z "$ours" ] || rm -f "$policy"; }
trap tidy EXIT
trap 'exit 1' HUP INT TERM
if [ ! -e "$policy" ]; then ours=yes; printf '#!/bin/sh\\nexit 101\\n' >"$policy"; chmod +x "$policy"; fi
mkdir -p "\${clusters%/*}"; echo 'create_main_cluster = false' >"$clusters"
services() { for name in postgresql redis-server nginx; do [ ! -e "/lib/systemd/system/$name.service" ] || echo "$name"; done; }
before=" $(services | tr '\\n' ' ')"
apt-get update && apt-get install -y --no-install-recommends "$@" || exit 1
if [ -d /run/systemd/system ]; then
  for name in $(services); do case "$before" in *" $name "*) ;; *) systemctl disable "$name" ;; esac; done
fi
`

function installPackages(names) {
  if (!which('apt-get')) {
    console.log(`This is no Debian: install what these packages of it bring by yourself: ${names.join(' ')}`)
    return
  }
  console.log(`Installing ${names.join(', ')}…`)
  const asRoot = process.getuid() === 0 ? [] : ['sudo']
  const [program, ...args] = [...asRoot, 'sh', '-c', quietly, 'install', ...names]
  spawnSync(program, args, { stdio: 'inherit' })
}

const hasJars = () => existsSync(jars) && readdirSync(jars).some((name) => name.startsWith('kafka_2.13-4.'))

/** Into a new folder first: one that is there is whole. */
function collectJars() {
  console.log('Collecting the jars of Kafka…')
  const unfinished = `${jars}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  const pom = fileURLToPath(new URL('kafka.pom.xml', import.meta.url))
  const args = [
    '-q',
    '-B',
    '-f',
    pom,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${unfinished}`,
  ]
  if (spawnSync('mvn', args, { stdio: 'inherit' }).status !== 0) return
  rmSync(jars, { recursive: true, force: true })
  renameSync(unfinished, jars)
}

/** One clean run of a broker writes it. */
async function makeArchive() {
  console.log('Making the archive with which Kafka starts faster…')
  const unfinished = `${archive}.unfinished`
  const kafka = await startKafka({ jvm: ['-Xlog:cds=off', '-Xlog:cds+dynamic=off', `-XX:ArchiveClassesAtExit=${unfinished}`] })
  await kafka.stop()
  renameSync(unfinished, archive)
}

/** Installs what is missing. What could not be installed has said why. */
export async function installServers() {
  const packages = Object.values(servers).flatMap(({ find, packages = [] }) => (find() ? [] : packages))
  if (!findJava()) packages.push('default-jre-headless')
  if (!hasJars() && !which('mvn')) packages.push('maven')
  if (packages.length > 0) installPackages(packages)
  if (!hasJars() && which('mvn')) collectJars()
  if (servers.Kafka.find() && !existsSync(archive)) await makeArchive()
}
