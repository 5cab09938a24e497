import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as runtime from '@comptoir/runtime'
import * as saga from '@comptoir/saga'
import * as typebox from 'typebox'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))
const page = readFileSync(`${root}docs/reference/declaration-mistakes.md`, 'utf8')

interface Mistake {
  readonly title: string
  readonly code: string
  /** What must be said about it. */
  readonly words: string
}
const codeOf = (text: string) => /^```ts\n([\s\S]*?)^```$/m.exec(text)?.[1] ?? ''

const [head = '', ...sections] = page.split(/^## /m)
const preamble = codeOf(head)
const mistakesOf = (section: string): Mistake[] =>
  section
    .split(/^### /m)
    .slice(1)
    .map((text) => ({ title: text.split('\n')[0] ?? '', code: codeOf(text), words: /^> (.*)$/m.exec(text)?.[1] ?? '' }))
const [compiled = [], ...others] = sections.map(mistakesOf)
const run = others.flat()

/** Compiles the snippets together, each behind the page's first lines; what the compiler says of each. */
function compile(snippets: readonly string[]): string[] {
  const { config } = ts.readConfigFile(`${root}tsconfig.base.json`, (path) => readFileSync(path, 'utf8'))
  const lax = { composite: false, noEmit: true, noUnusedLocals: false, types: ['node'] }
  const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, ...lax }, root)
  const files = new Map(snippets.map((code, index) => [`${root}tests/mistake-${index}.ts`, `${preamble}\n${code}`]))
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile } = host
  host.fileExists = (path) => files.has(path) || fileExists(path)
  host.getSourceFile = (path, language, ...rest) => {
    const code = files.get(path)
    return code === undefined ? getSourceFile(path, language, ...rest) : ts.createSourceFile(path, code, language)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return [...files.keys()].map((path) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      .join('\n'),
  )
}

const modules: Readonly<Record<string, unknown>> = { '@comptoir/runtime': runtime, '@comptoir/saga': saga, typebox }

/** Runs a snippet behind the page's first lines; what it throws, or the problems that it exports. */
function problemsIn(code: string): readonly string[] {
  const { outputText } = ts.transpileModule(`${preamble}\n${code}`, { compilerOptions: { module: ts.ModuleKind.CommonJS } })
  const exported: { problems?: readonly string[] } = {}
  try {
    new Function('require', 'exports', outputText)((name: string) => modules[name], exported)
  } catch (error) {
    return error instanceof saga.SagaDefinitionError ? error.problems : [String((error as Error).message)]
  }
  return exported.problems ?? []
}

describe('declaration-mistakes.md', () => {
  let said: readonly string[] = []
  beforeAll(() => {
    said = compile(['', ...compiled.map(({ code }) => code), ...run.map(({ code }) => code)])
  }, 120_000)

  it('has mistakes of all four kinds, each once, with code and words', () => {
    expect(sections.map((section) => section.split('\n')[0])).toHaveLength(4)
    const all = [...compiled, ...run]
    for (const { title, code, words } of all) expect([title, code, words].map(Boolean), title).toEqual([true, true, true])
    expect(new Set(all.map(({ title }) => title)).size).toBe(all.length)
  })

  it('begins with a declaration that is right', () => {
    expect(said[0]).toBe('')
    expect(problemsIn('')).toEqual([])
  })

  it.each(compiled.map((mistake, index) => [mistake.title, mistake, index + 1] as const))(
    '%s: does not compile',
    (_, { words }, index) => {
      expect(said[index]).toContain(words)
    },
  )

  it.each(run.map((mistake, index) => [mistake.title, mistake, compiled.length + index + 1] as const))(
    '%s: compiles, and is refused when it runs',
    (_, { code, words }, index) => {
      expect(said[index]).toBe('')
      expect(problemsIn(code)).toContain(words)
    },
  )
})
