import { expect } from 'vitest'
import type { Answer } from './client.ts'

interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly error: string
  readonly errors: readonly {
    readonly pointer?: string
    readonly parameter?: string
    readonly code: string
    readonly detail: string
  }[]
}

/** What must stay inside: stacks, SQL, paths of source files, names and versions of what it is built with. */
const internals =
  /\bat \w+.*:\d+:\d+|\.ts\b|node_modules|\bselect\b.*\bfrom\b|insert into|violates|pglite|postgres|fastify|ajv|node\//i

/** Status, code and place of a problem's first fault (`''` is the whole body), after a look at its form. */
export function problemOf(answer: Answer): [status: number, code: string, place?: string] {
  const problem = answer.json<Problem>()
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(problem, answer.text).toMatchObject({
    type: expect.stringMatching(/^\/problems\/[a-z_]+$/),
    title: expect.stringMatching(/./),
    status: answer.status,
    detail: expect.stringMatching(/./),
    instance: expect.any(String),
    errors: expect.any(Array),
    error: problem.detail,
  })
  expect(answer.text).not.toMatch(internals)
  const first = problem.errors[0]
  const place = first?.pointer ?? first?.parameter
  const code = first?.code ?? problem.type.replace('/problems/', '')
  return place === undefined ? [answer.status, code] : [answer.status, code, place]
}
