import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { root } from '../kit/command.ts'

/** What the tests look at in a service of compose.yaml. */
export interface ComposeService {
  readonly image: string
  readonly build?: string
  readonly user: string
  readonly command?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly network_mode?: string
  readonly networks?: readonly string[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly read_only: boolean
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly healthcheck: { readonly test: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
}

const text = (file: string): string => readFileSync(`${root}${file}`, 'utf8')

export const composeText = text('compose.yaml')
export const compose = parse(composeText, { merge: true }) as Compose

/** The service of that name. @throws when there is none */
export function service(name: string): ComposeService {
  const found = compose.services[name]
  if (!found) throw new Error(`compose.yaml has no service ${name}`)
  return found
}

/** Each instruction of the Dockerfile with its arguments, in order; lines that go on are joined. */
export const dockerfile: readonly (readonly [instruction: string, args: string])[] = text('Dockerfile')
  .replace(/^\s*#.*\n/gm, '')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .flatMap((line) => {
    const [, instruction, args] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    return instruction && args ? [[instruction, args.trim()] as const] : []
  })

/** The arguments of an instruction's last occurrence, which is the one that holds. */
export function lastOf(instruction: string): string {
  const found = dockerfile.findLast(([name]) => name === instruction)
  if (!found) throw new Error(`The Dockerfile has no ${instruction}`)
  return found[1]
}

/** The command that is in the arguments as JSON. */
export const commandIn = (args: string): string[] => JSON.parse(args.slice(args.indexOf('['))) as string[]
