import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { found } from './find.mjs'
import { temporaryFolder } from './guard.mjs'
import { startOwn } from './own.mjs'
import { freePort, listens } from './port.mjs'

/** Everything that it writes goes into its folder, so that anybody may run it. */
const wholeConfig = (folder, http) => `
${process.getuid() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
daemon off;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/temp-body;
  proxy_temp_path ${folder}/temp-proxy;
  fastcgi_temp_path ${folder}/temp-fastcgi;
  uwsgi_temp_path ${folder}/temp-uwsgi;
  scgi_temp_path ${folder}/temp-scgi;
${http}
}
`

/**
 * Starts an nginx.
 *
 * @param config what stands within `http { }`, with a server that listens on 127.0.0.1 and the port: a text, or what makes
 * it from the port and the folder
 * @param folder its place; a temporary one by default
 */
export async function startNginx({ config, folder = temporaryFolder('nginx'), port }) {
  const { program } = found('nginx')
  mkdirSync(folder, { recursive: true })
  const at = port ?? (await freePort())
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, wholeConfig(folder, typeof config === 'function' ? config({ port: at, folder }) : config))
  const command = [program, '-e', 'stderr', '-p', folder, '-c', file]
  return startOwn({ name: 'nginx', folder, command, isReady: () => listens(at) }, { port: at, url: `http://127.0.0.1:${at}` })
}
