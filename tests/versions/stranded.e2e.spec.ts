import { openPglite } from '@comptoir/runtime/pglite'
import { expect, it } from 'vitest'
import { scratchFolder } from '../kit/folder.ts'
import { startStore } from '../kit/process.ts'
import { Shop } from '../kit/shop.ts'
import { changedDeclaration, endAll, leaveOpen, progress, run } from './stranded.fixture.ts'

it('F26: a process that would strand open sagas consumes nothing and ends with 1; comptoir check --against says it before', {
  timeout: 180_000,
}, async () => {
  const data = scratchFolder()
  const store = await startStore({ data })
  await new Shop(store.url).placed([{ product_id: 2, quantity: 1 }])
  await store.stop()
  expect(await run(['check', '--against', data])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`\nopen in ${data}\n  nothing\n`),
  })

  const opened = await openPglite({ folder: data })
  const [id = ''] = await leaveOpen(opened, changedDeclaration, ['7'])
  const before = await progress(opened)
  await opened.close()
  const text = `${changedDeclaration} has 1 open saga at store: ${id} (7); this code has version 1 changed in place (done of step decreaseStock was StockTaken and is StockDecreased): raise its version, and keep the old declaration in the lists of store and payments until these sagas have ended`

  const checked = await run(['check', '--against', data])
  expect([checked.code, checked.stderr]).toEqual([1, 'comptoir: 1 problem: each line with !! says what to do\n'])
  expect(checked.stdout).toContain(`\n  1 of ${changedDeclaration} at store: nobody would end them\n`)
  expect(checked.stdout).toContain(`\n!! ${text}\n`)

  const { code, stdout, stderr } = await run(['serve', '--json', '--port', '0', '--data', data])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain(`comptoir: nothing was started, because open sagas would be stranded:\n- ${text}\n`)
  expect(stderr).not.toMatch(/\n\s+at /)
  const after = await openPglite({ folder: data })
  expect(await progress(after)).toEqual(before)
  await endAll(after)
  await after.close()

  const again = await startStore({ data })
  await again.stop()
})

it.each([
  ['nowhere', 'there is no store in'],
  ['mysql://localhost/store', '--against is no address of a PostgreSQL database: write postgres://'],
  [
    'postgres://nobody:secret@127.0.0.1:9/none',
    'the database of --against (postgres://nobody@127.0.0.1:9/none) cannot be used: ',
  ],
])('comptoir check --against %s is refused in words', async (place, words) => {
  const { code, stdout, stderr } = await run(['check', '--against', place])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain(`comptoir: ${words}`)
  expect(stderr).not.toMatch(/secret|\n\s+at /)
})
