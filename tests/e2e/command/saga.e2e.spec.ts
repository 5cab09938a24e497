import { describe, expect, it } from 'vitest'
import { comptoir } from '../../kit/command.ts'
import { scratchFolder } from '../../kit/folder.ts'
import { startStore } from '../../kit/process.ts'
import { Shop } from '../../kit/shop.ts'
import { within } from '../../kit/wait.ts'

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const command = comptoir(['saga', ...args])
  const { code } = await within('the end of the command', command.ended)
  return { code, output: command.stdout() + command.stderr() }
}
const nobody = '0193e0c6-6b1a-7cc0-8f0e-000000000001'

describe('comptoir saga', () => {
  it('shows a saga, and ends with the words of a refusal', async () => {
    const data = scratchFolder()
    const store = await startStore({ data })
    const shop = new Shop(store.url)
    const { saga_id, order_id } = await shop.placed([{ product_id: 2, quantity: 1 }])
    const shown = await run('show', saga_id, '--data', data)
    expect([shown.code, shown.output]).toEqual([
      0,
      expect.stringContaining(`PlaceOrder of order ${order_id}, choreographed: completed`),
    ])
    expect(shown.output).toContain('  createPayment at payments: done\n')
    expect(await run('stuck', '--url', `${store.url}/`)).toEqual({ code: 0, output: 'comptoir: no saga is stuck\n' })
    for (const act of ['pause', 'resume', 'cancel'])
      expect(await run(act, saga_id, '--url', store.url, '--reason', 'a test')).toEqual({
        code: 1,
        output: `comptoir: Saga ${saga_id} has ended: it is completed; nothing can be done to it any more.\n`,
      })
    const retried = await run('retry', saga_id, '--data', data)
    expect([retried.code, retried.output]).toEqual([1, expect.stringContaining('has failed for good: it is completed')])
    const unknown = await run('show', nobody, '--data', data)
    expect([unknown.code, unknown.output]).toEqual([1, expect.stringContaining(`There is no saga ${nobody}`)])
    const long = await run('pause', nobody, '--data', data, '--reason', 'x'.repeat(501))
    expect([long.code, long.output]).toEqual([1, expect.stringContaining('/reason')])
    await store.stop()
    const away = await run('stuck', '--data', data)
    expect([away.code, away.output]).toEqual([1, expect.stringContaining(`no process serves ${data}`)])
    const gone = await run('stuck', '--url', store.url)
    expect([gone.code, gone.output]).toEqual([1, expect.stringContaining(`${store.url} does not answer`)])
  })

  it.each([
    [['--url', 'localhost:8080'], /--url names "localhost:8080"/],
    [['--reason', 'x'], /unknown option '--reason'/],
  ])('stuck %j is refused in words', async (args, words) => {
    const { code, output } = await run('stuck', ...args)
    expect([code, output]).toEqual([1, expect.stringMatching(words)])
  })
})
