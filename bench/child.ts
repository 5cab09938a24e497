import { fork } from 'node:child_process'

/*
 * Each measurement has a process of its own: what one run leaves behind (memory, compiled code, a database's buffers) does
 * not favour or burden the next.
 */

/** As the command is started, for both systems alike. */
const youngGeneration = '--max-semi-space-size=32'

/** Runs a worker of `workers/` in a new process and answers what it answers. @throws when the process ends without an answer */
export function runWorker<Options, Answer>(name: string, options: Options): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const execArgv = [...process.execArgv, youngGeneration]
    const worker = fork(new URL(`./workers/${name}.ts`, import.meta.url), [JSON.stringify(options)], { execArgv })
    worker.on('message', (answer) => resolve(answer as Answer))
    worker.on('error', reject)
    worker.on('exit', (code, signal) => reject(new Error(`worker ${name} ended with ${code ?? signal} and without an answer`)))
  })
}

/** The worker's side. */
export async function answer<Options, Answer>(work: (options: Options) => Promise<Answer>): Promise<void> {
  const result = await work(JSON.parse(process.argv[2] ?? 'null') as Options)
  process.send?.(result, () => process.disconnect())
}
