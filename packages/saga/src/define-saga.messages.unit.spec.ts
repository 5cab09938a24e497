import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'

const here = dirname(fileURLToPath(import.meta.url))

const preamble = `
import { Type } from 'typebox'
import { defineSaga } from './define-saga.ts'
import { message } from './message.ts'
const named = <const N extends string>(name: N) => message(name, Type.Object({}))
const saga = defineSaga('Buy', { version: 1, home: 'shop', input: Type.Object({}) })
const undo = { name: 'release', state: 'RELEASING', done: named('Released') }
const pay = { at: 'bank', state: 'PAYING', done: named('Paid'), failed: named('Declined') } as const
`

/** What an engineer types, and the words that the compiler must answer. */
const mistakes = {
  'an undo after the pivot': {
    code: `saga.pivot('pay', pay).compensatable('late', { ...pay, undo })`,
    cure: 'a step after the pivot is never undone: declare it before the pivot, or as retriable',
  },
  'an undo after a retriable step': {
    code: `saga.retriable('ship', { at: 'shop', state: 'SHIPPING', done: named('Shipped') }).compensatable('late', { ...pay, undo })`,
    cure: 'a step after the pivot is never undone: declare it before the pivot, or as retriable',
  },
  'a second pivot': {
    code: `saga.pivot('pay', pay).pivot('again', pay)`,
    cure: 'a saga has one pivot: make this step compensatable and declare it before, or retriable',
  },
  'a retriable step that fails': {
    code: `saga.retriable('ship', { at: 'shop', state: 'SHIPPING', done: named('Shipped'), failed: named('Lost') })`,
    cure: 'a retriable step cannot fail: make it the pivot, or compensatable and before the pivot',
  },
  'a step declared twice': {
    code: `saga.compensatable('pay', { ...pay, undo }).pivot('pay', pay)`,
    cure: 'step pay is declared twice: give one of them another name',
  },
  'a compensatable step without its undo': {
    code: `saga.compensatable('pay', pay)`,
    cure: `Property 'undo' is missing`,
  },
} as const

const right = `saga.compensatable('reserve', { ...pay, undo }).pivot('pay', pay).retriable('ship', { at: 'shop', state: 'SHIPPING', done: named('Shipped') }).end('ENDED', named('Ended'))`

/** Compiles the sources together, under the options of the workspace; the diagnostics of each as text. */
function compile(sources: readonly string[]): string[] {
  const base = ts.readConfigFile(join(here, '../../../tsconfig.base.json'), (path) => readFileSync(path, 'utf8'))
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...base.config.compilerOptions, composite: false, noEmit: true, types: [] },
    here,
  )
  const files = new Map(sources.map((code, index) => [join(here, `snippet-${index}.ts`), preamble + code]))
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
      .map((diagnostic) => ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'))
      .join('\n'),
  )
}

describe('the compiler says the cure in words', () => {
  const diagnostics = new Map<string, string>()
  beforeAll(() => {
    const named = [['right', right] as const, ...Object.entries(mistakes).map(([name, { code }]) => [name, code] as const)]
    const found = compile(named.map(([, code]) => code))
    for (const [index, [name]] of named.entries()) diagnostics.set(name, found[index] ?? 'not compiled')
  }, 60_000)

  it('and nothing when the declaration is right', () => {
    expect(diagnostics.get('right')).toBe('')
  })

  it.each(Object.entries(mistakes))('for %s', (name, { cure }) => {
    expect(diagnostics.get(name)).toContain(cure)
  })
})
