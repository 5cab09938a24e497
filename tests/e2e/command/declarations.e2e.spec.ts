import { describe, expect, it } from 'vitest'
import { mermaidFaults } from '../../../packages/saga/src/testing/mermaid-grammar.ts'
import { comptoir } from '../../kit/command.ts'
import { within } from '../../kit/wait.ts'

/** Runs a command that needs no store. */
async function run(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = comptoir(args)
  const { code } = await within('the end', command.ended)
  return { code, stdout: command.stdout(), stderr: command.stderr() }
}

describe('comptoir check', () => {
  it('says of every step what it is given, answers and does, and ends with 0 when nothing is wrong', async () => {
    const { code, stdout, stderr } = await run('check')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`  2 decreaseStock: compensatable, at store, DECREASING_STOCK
      given      { input: { user_id: integer, items: { product_id: integer, quantity: integer }[] }, createOrder: { order_id: integer, total_amount: number } }
      result     {}
      fails with out_of_stock
      time-out   none
      commands   insert store.stock_ledger, update store.stocks
      queries    select store.stocks for update
    undone by increaseStock: INCREASING_STOCK
`)
    expect(stdout).toContain('      time-out   10m, then its outcome is made definite\n')
    expect(stdout).toMatch(/\nok 2 sagas with 7 steps, 4 events: nothing is wrong\n$/)
  })

  it('--json prints one line of JSON', async () => {
    const { code, stdout } = await run('check', '--json')
    expect(code).toBe(0)
    expect(stdout.trimEnd()).not.toContain('\n')
    const { sagas, problems } = JSON.parse(stdout) as { sagas: { name: string; steps: unknown[] }[]; problems: string[] }
    expect(sagas.map(({ name, steps }) => [name, steps.length])).toEqual([
      ['CancelOrder', 3],
      ['PlaceOrder', 4],
    ])
    expect(problems).toEqual([])
  })
})

describe('comptoir diagram', () => {
  it.each([
    [['PlaceOrder'], 'stateDiagram-v2', 'CREATING_ORDER --> DECREASING_STOCK : OrderCreated'],
    [['PlaceOrder', '--state'], 'stateDiagram-v2', 'COMPLETED --> [*] : SagaCompleted'],
    [['CancelOrder', '--sequence', 'choreographed'], 'sequenceDiagram', 'payments->>store: PaymentClosed'],
    [['PlaceOrder', '--sequence', 'messages'], 'sequenceDiagram', 'orchestrator->>payments: command:do:createPayment'],
    [['PlaceOrder', '--sequence', 'http'], 'sequenceDiagram', 'payments-->>orchestrator: 200 done { payment_id: integer }'],
  ])('%j prints Mermaid', async (args, head, line) => {
    const { code, stdout } = await run('diagram', ...args)
    expect(code).toBe(0)
    expect(stdout.startsWith(`${head}\n`)).toBe(true)
    expect(stdout).toContain(`  ${line}\n`)
    expect(mermaidFaults(stdout)).toEqual([])
  })

  it('without a name, prints all sagas as a page of Markdown', async () => {
    const { stdout } = await run('diagram')
    const diagrams = [...stdout.matchAll(/^## (\w+)\n\n```mermaid\n([\s\S]*?)^```$/gm)]
    expect(diagrams.map(([, name]) => name)).toEqual(['CancelOrder', 'PlaceOrder'])
    for (const [, , text = ''] of diagrams) expect(mermaidFaults(text)).toEqual([])
  })

  it.each([
    [['diagram', 'Refund'], 'there is no saga Refund: there are CancelOrder, PlaceOrder'],
    [['diagram', '--sequence', 'danced'], 'choreographed, messages, http'],
    [['diagram', '--state', '--sequence', 'http'], 'cannot be used with'],
  ])('%j is refused in words', async (args, words) => {
    const { code, stdout, stderr } = await run(...args)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(words)
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})

it('comptoir asyncapi prints a document with a channel for each mailbox', async () => {
  const { code, stdout } = await run('asyncapi')
  expect(code).toBe(0)
  const { asyncapi, channels } = JSON.parse(stdout) as { asyncapi: string; channels: object }
  expect([asyncapi, Object.keys(channels).sort()]).toEqual([
    '3.0.0',
    ['feed', 'orchestrator', 'payments', 'payments.control', 'store', 'store.control'],
  ])
})
