import type { RouteOptions } from 'fastify'
import { Problem } from './problem.ts'

/** The routes of a server by path, in order to tell an unknown path (404) from a known one with another method (405). */
export class KnownMethods {
  private readonly routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = []

  add({ url, method }: Pick<RouteOptions, 'url' | 'method'>): void {
    this.routes.push({ pattern: patternOf(url), methods: [method].flat() })
  }

  /** The problem of a request that no route takes: 405 with `Allow`, or 404. */
  problem(method: string, url: string): Problem {
    const path = pathOf(url)
    const methods = this.routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods)
    // A route that serves files takes any path, and finds out that there is no such file.
    if (methods.length === 0 || methods.includes(method)) {
      return new Problem(404, 'unknown_path', 'There is nothing at this path. The documentation at /docs lists what there is.')
    }
    const allow = [...new Set(methods)].sort().join(', ')
    return new Problem(405, 'method_not_allowed', `${method} is not possible here. Use ${allow}.`, { headers: { allow } })
  }
}

/** The path of a request target, without its query. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+'
    return part === '*' ? '.*' : part.replaceAll(/[^\w-]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('/')}$`)
}
