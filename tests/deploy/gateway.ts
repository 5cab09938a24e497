import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { freePort } from '../../scripts/servers/port.mjs'
import { type Command, root, start } from '../kit/command.ts'
import { until } from '../kit/wait.ts'
import { service } from './shipped.ts'
import { unprivileged } from './unprivileged.ts'

/** Off the path of most users. */
const env = { PATH: `${process.env.PATH}${delimiter}/usr/sbin` }

/**
 * Runs nginx as compose.yaml does, not as root, in a folder of the test's own: `conf` stands for /etc/nginx, which it can only
 * read, `tmp` for /tmp.
 */
export function nginx(folder: string, args: readonly string[] = []): Command {
  const places: Record<string, string> = { '/tmp': join(folder, 'tmp'), '/etc/nginx/nginx.conf': join(folder, 'conf/nginx.conf') }
  const [program = '', ...own] = service('gateway').entrypoint ?? []
  return start(program, [...own.map((arg) => places[arg] ?? arg), ...args], { cwd: folder, env, ...unprivileged })
}

/** A folder for `nginx` with the configuration that is shipped. */
export function gatewayFolder(folder: string): string {
  chmodSync(folder, 0o755)
  cpSync(`${root}deploy/nginx`, join(folder, 'conf'), { recursive: true })
  mkdirSync(join(folder, 'tmp'))
  if (unprivileged.uid !== undefined) chownSync(join(folder, 'tmp'), unprivileged.uid, unprivileged.gid ?? 0)
  return folder
}

/**
 * Starts the gateway with the configuration that is shipped, on a free port.
 *
 * @param ports by the ports in that configuration, those where the instances are
 */
export async function startGateway(
  folder: string,
  ports: ReadonlyMap<string, number>,
): Promise<{ url: string; command: Command }> {
  const port = await freePort()
  const conf = join(gatewayFolder(folder), 'conf/gateway.conf')
  const moved = readFileSync(conf, 'utf8')
    .replace('listen 8080;', `listen 127.0.0.1:${port};`)
    .replaceAll(/(?<=server 127\.0\.0\.1:)\d+/g, (shipped) => String(ports.get(shipped)))
  writeFileSync(conf, moved)
  const command = nginx(folder)
  const url = `http://127.0.0.1:${port}`
  await until('the gateway answers', async () => {
    if (command.child.exitCode !== null) throw new Error(`nginx ended:\n${command.stderr()}`)
    return fetch(`${url}/livez`).then(
      ({ ok }) => ok,
      () => false,
    )
  })
  return { url, command }
}
