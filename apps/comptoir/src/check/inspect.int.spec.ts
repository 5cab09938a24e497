import { type Database, each, lonePorts, participant, Service, type Unit } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { defineSaga, done, failed, message, type Outcome } from '@comptoir/saga'
import { Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge, thisInstallation } from './check.ts'
import { type Installation, inspect } from './inspect.ts'
import { reportText } from './print.ts'
import type { Report } from './report.ts'

let database: Database
beforeAll(async () => {
  database = await openPglite()
}, 60_000)
afterAll(() => database.close())

describe('the check of this installation', () => {
  let report: Report
  beforeAll(async () => {
    report = await inspect(thisInstallation(database), database)
  }, 60_000)

  it('finds nothing wrong: every handler ran, and every step failed for each of its reasons', () => {
    expect(report.problems).toEqual([])
  })

  it('says of each step what it asked of the database', () => {
    const works = report.sagas.flatMap(({ name, steps }) =>
      steps.flatMap((step) => [
        [`${name} ${step.name}`, step.work?.commands, step.work?.queries],
        ...(step.undo ? [[`${name} ${step.undo.name}`, step.undo.work?.commands, step.undo.work?.queries]] : []),
      ]),
    )
    expect(works).toContainEqual([
      'PlaceOrder decreaseStock',
      ['insert store.stock_ledger', 'update store.stocks'],
      ['select store.stocks for update'],
    ])
    expect(works).toContainEqual(['PlaceOrder cancelOrder', ['update store.orders'], []])
    expect(works).toContainEqual([
      'PlaceOrder createPayment',
      ['insert payments.payments'],
      ['select payments.holds', 'select payments.payments'],
    ])
    expect(works).toContainEqual(['CancelOrder closePayment', ['insert or update payments.payments'], []])
    expect(works).toHaveLength(9)
  })

  it('says what a step begins and sends, which no declaration says', () => {
    const [, place] = report.sagas
    expect(place?.steps.find(({ name }) => name === 'linkPayment')?.work?.begins).toEqual(['CancelOrder'])
    expect(place?.steps.find(({ name }) => name === 'createOrder')?.undo?.work?.sends).toEqual(['OrderClosed to payments'])
    expect(report.events.find(({ type }) => type === 'PaymentTaken')?.work?.sends).toEqual(['PaymentProcessed to store'])
  })

  it('misses every handler that no example runs', async () => {
    const { problems } = await inspect({ ...thisInstallation(database), examples: async () => {} }, database)
    expect(problems).toContain('no example runs increaseStock of PlaceOrder: add one')
    expect(problems).toContain('no example makes createPayment of PlaceOrder fail with on_hold: add one, or remove the reason')
    expect(problems).toContain('no example lets payments hear event OrderClosed: add one')
    expect(problems).toHaveLength(9 + 8 + 4)
  })
})

const count = (version: number) =>
  defineSaga('Count', { version, home: 'depot', input: Type.Object({ n: Type.Integer() }) })
    .pivot('look', {
      at: 'depot',
      state: 'LOOKING',
      done: message('Looked', Type.Object({})),
      failed: message('LookFailed', Type.Literal('dark')),
    })
    .end('COUNTED', message('CountEnded', Type.Object({})))
const counted = count(1)
type Look = (unit: Unit, n: number) => Promise<Outcome<object, 'dark'>>

/** An installation of one service with one step. */
function depot(look: Look, inputs: readonly number[] = [0, 1]): Installation {
  const one = each<{ input: { n: number } }, object, 'dark'>((unit, task) => look(unit, task.data.input.n))
  return {
    sagas: [counted],
    events: [],
    open: async () => [
      new Service({
        ...lonePorts(database),
        name: 'depot',
        epoch: 1,
        participants: [participant(counted, 'depot', { look: { do: one } })],
      }),
    ],
    async examples(exercise) {
      for (const n of inputs) await exercise.run(counted, { n })
    },
  }
}
const outcome = (n: number) => (n === 0 ? done({}) : failed('dark'))
const query =
  (text: string): Look =>
  async (unit, n) => {
    await unit.query(text)
    return outcome(n)
  }

describe('the check of another installation', () => {
  beforeAll(async () => {
    await database.script(`create schema depot;
      create table depot.shelf (id int primary key, n int not null);
      create table depot.old (id int primary key);`)
  })

  it.each<[text: string, commands: string[], queries: string[]]>([
    ['select n from depot.shelf', [], ['select depot.shelf']],
    ['select n from depot.shelf order by id for update', [], ['select depot.shelf for update']],
    ['select 1', [], []],
    ['delete from depot.old', ['delete depot.old'], []],
    ['insert into depot.old (id) select n from depot.shelf', ['insert depot.old'], ['select depot.shelf']],
    ['insert into depot.old values (1) on conflict do nothing', ['insert depot.old'], []],
    ['insert into depot.shelf values (1, 2) on conflict (id) do update set n = 3', ['insert or update depot.shelf'], []],
    [
      'with gone as (delete from depot.old returning id) update depot.shelf set n = 0 from gone where gone.id = shelf.id',
      ['update depot.shelf', 'delete depot.old'],
      [],
    ],
  ])('%s', async (text, commands, queries) => {
    const { sagas, problems } = await inspect(depot(query(text)), database)
    expect(problems).toEqual([])
    expect(sagas[0]?.steps[0]?.work).toEqual({ commands, queries, sends: [], begins: [] })
  })

  it('a statement that is written without waiting counts as well', async () => {
    const look: Look = async (unit, n) => {
      unit.write('delete from depot.old')
      return outcome(n)
    }
    const { sagas } = await inspect(depot(look), database)
    expect(sagas[0]?.steps[0]?.work?.commands).toEqual(['delete depot.old'])
  })

  it('says where a step only reads', async () => {
    const text = reportText(await inspect(depot(query('select n from depot.shelf')), database))
    expect(text).toContain('commands   none: it only reads\n')
    expect(text).toContain('queries    select depot.shelf\n')
  })

  it('ends the command with a failure, with every problem on a line of its own, when there is one', async () => {
    const report = await inspect(depot(query('select 1'), [0]), database)
    expect(reportText(report)).toContain('!! no example makes look of Count fail with dark: add one, or remove the reason\n')
    expect(reportText(report)).not.toMatch(/^ok /m)
    expect(() => judge(report)).toThrow('1 problem: each line with !! says what to do')
    expect(() => judge({ problems: [] })).not.toThrow()
  })

  it('F26: asks examples of the newest version of a saga; an older one is there to end', async () => {
    const one = depot(query('select 1'))
    const next = count(2)
    const open = async () => [
      new Service({
        ...lonePorts(database),
        name: 'depot',
        epoch: 1,
        participants: [next, counted].map((saga) =>
          participant(saga, 'depot', { look: { do: async (_, tasks) => tasks.map(({ data }) => outcome(data.input.n)) } }),
        ),
      }),
    ]
    const both = { ...one, sagas: [next, counted], open }
    expect((await inspect(both, database)).problems).toContain('no example runs look of Count: add one')
    const examples: Installation['examples'] = async (exercise) => {
      for (const n of [0, 1]) await exercise.run(next, { n })
    }
    expect((await inspect({ ...both, examples }, database)).problems).toEqual([])
  })

  it('F26: says what is open in a store, and what this code makes of it', async () => {
    const report = await inspect(depot(query('select 1')), database)
    const of = { declaration: 'Count/1/0', keeper: 'depot', count: 2 }
    const open = [
      { ...of, fate: 'known' },
      { ...of, fate: 'newer' },
      { ...of, fate: 'stranded', text: 'cure' },
    ] as const
    expect(reportText({ ...report, store: { place: 'here', open } })).toContain(
      `open in here
  2 of Count/1/0 at depot: this code ends them
  2 of Count/1/0 at depot: newer code ends them; this code holds their messages for it
  2 of Count/1/0 at depot: nobody would end them

`,
    )
    expect(reportText({ ...report, store: { place: 'here', open: [] } })).toContain('open in here\n  nothing\n')
    expect(reportText(report)).not.toContain('open in')
  })

  it('finds a reason that the step does not declare', async () => {
    const lie = (async () => failed('bright')) as unknown as Look
    expect((await inspect(depot(lie, [0]), database)).problems).toEqual([
      'no example makes look of Count fail with dark: add one, or remove the reason',
      'step look of Count failed with bright, which it does not declare: declare it',
    ])
  })

  it('a service that cannot start, and an example that raises, are findings', async () => {
    const open = () => Promise.reject(new TypeError('step look of Count has no handler at depot: add it to the participant'))
    expect((await inspect({ ...depot(query('select 1')), open }, database)).problems).toEqual([
      'a service cannot start: step look of Count has no handler at depot: add it to the participant',
    ])
    const { problems } = await inspect(depot(query('select n from depot.nothing')), database)
    expect(problems.slice(0, 2)).toEqual([
      'an example cannot run: relation "depot.nothing" does not exist',
      'no example runs look of Count: add one',
    ])
  })
})
