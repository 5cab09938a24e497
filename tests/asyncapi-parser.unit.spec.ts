import { Parser } from '@asyncapi/parser'
import { asyncApi } from '@comptoir/saga'
import { expect, it } from 'vitest'
import { messages } from '../apps/comptoir/src/installation.ts'

it('the document of this installation is AsyncAPI 3.0 to the parser of its makers', async () => {
  const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApi(messages)))
  // 0 is an error; what is more is advice.
  expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([])
  expect(document?.version()).toBe('3.0.0')
})

it('a document that is none is refused', async () => {
  const { diagnostics } = await new Parser().parse(JSON.stringify({ ...asyncApi(messages), channels: { store: { address: 7 } } }))
  expect(diagnostics.some(({ severity }) => severity === 0)).toBe(true)
})
