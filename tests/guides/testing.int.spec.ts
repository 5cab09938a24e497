import { readFileSync } from 'node:fs'
import { each, type Handler, type Ports, participant, Service } from '@comptoir/runtime'
import { openPglite, type PgliteDatabase } from '@comptoir/runtime/pglite'
import { done, type StepsOf } from '@comptoir/saga'
import { type Simulation, simulate } from '@comptoir/simulation'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { migrations, rent, reserve, services } from './rental.fixture.ts'

let database: PgliteDatabase
beforeAll(async () => {
  database = await openPglite()
  await simulate({ services, migrations, database }, async () => {})
})
afterAll(() => database.close())
beforeEach(() => database.script('update garage.cars set saga = null; delete from cashier.charges'))

/** Cars that are given to somebody who has not been charged, and the other way round. */
const wrong = (simulation: Simulation) =>
  simulation
    .service('garage')
    .query(
      'select car.id, charge.driver from garage.cars as car full join cashier.charges as charge using (saga) where car.saga is distinct from charge.saga',
    )

// #region first
it('a car is free again when its driver cannot pay', async () => {
  await simulate({ services, migrations, database }, async (simulation) => {
    const id = await simulation.begin(rent, { driver: 'broke' })
    await simulation.run()
    expect(await simulation.sagas()).toMatchObject([{ id, outcome: 'cancelled', cause: { step: 'charge', reason: 'no_credit' } }])
    expect(await simulation.journal(id)).toMatchObject([
      { step: 'reserve', phase: 'do', outcome: 'done' },
      { step: 'charge', phase: 'do', outcome: 'failed', reason: 'no_credit' },
      { step: 'reserve', phase: 'undo', outcome: 'done' },
    ])
    expect(await simulation.service('garage').query('select id from garage.cars where saga is not null')).toEqual([])
  })
})
// #endregion

// #region chance
it.each(['choreographed', 'messages', 'http'] as const)(
  'whatever happens on the way, who has a car has paid for it: %s',
  async (style) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      let left = 3
      const crash = ({ chance }: { chance: number }) => chance < 0.02 && left-- > 0
      await simulate({ services, migrations, database, style, seed, crash, duplicate: 0.3 }, async (simulation) => {
        for (const driver of ['Ada', 'broke', 'Grace', 'broke', 'Edsger']) {
          await simulation.begin(rent, { driver })
          await simulation.run(4)
        }
        await simulation.run()
        expect(await wrong(simulation)).toEqual([])
      })
      await database.script('update garage.cars set saga = null; delete from cashier.charges')
    }
  },
)
// #endregion

// #region everywhere
it('the process may die at any commit', async () => {
  for (let fatal = 1, crashes = 1; crashes > 0; fatal += 1) {
    await simulate({ services, migrations, database, crash: ({ nth }) => nth === fatal }, async (simulation) => {
      await simulation.begin(rent, { driver: 'Ada' })
      await simulation.run()
      expect(await wrong(simulation)).toEqual([])
      crashes = simulation.crashes
    })
    await database.script('update garage.cars set saga = null; delete from cashier.charges')
  }
})
// #endregion

it('a garage that remembers in memory which cars are free is found: after a crash, a second driver gets the first one’s car', async () => {
  const forgetful = (ports: Ports, epoch: number) => {
    let next = 0
    const inMemory: Handler<StepsOf<typeof rent>['reserve']> = {
      ...reserve,
      do: each(async (unit, { saga }) => {
        next += 1
        await unit.query('update garage.cars set saga = $1 where id = $2', [saga, next])
        return done({ car: next })
      }),
    }
    const [, cashier] = services(ports, epoch)
    const participants = [participant(rent, 'garage', { reserve: inMemory })]
    const garage = new Service({ ...ports, epoch, name: 'garage', participants, homes: [{ saga: rent }] })
    return cashier ? [garage, cashier] : [garage]
  }
  const rentTwo = (fatal: number) =>
    simulate({ services: forgetful, migrations, database, crash: ({ nth }) => nth === fatal }, async (simulation) => {
      for (const driver of ['Ada', 'Grace']) {
        await simulation.begin(rent, { driver })
        await simulation.run()
      }
      const found = await wrong(simulation)
      await database.script('update garage.cars set saga = null; delete from cashier.charges')
      return { found: found.length, crashes: simulation.crashes }
    })
  expect(await rentTwo(0)).toEqual({ found: 0, crashes: 0 })
  let found = 0
  for (let fatal = 1, crashes = 1; crashes > 0; fatal += 1) {
    const run = await rentTwo(fatal)
    crashes = run.crashes
    found += run.found
  }
  expect(found).toBeGreaterThan(0)
})

it('the guide shows this code', () => {
  const page = readFileSync(new URL('../../docs/guides/testing.md', import.meta.url), 'utf8')
  const shown = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
  const files = ['rental.fixture.ts', 'testing.int.spec.ts'].map((name) => readFileSync(new URL(name, import.meta.url), 'utf8'))
  const regions = files.flatMap((text) =>
    [...text.matchAll(/\/\/ #region \w+\n(.*?)\/\/ #endregion/gs)].map(([, code = '']) => code),
  )
  expect(shown).toEqual(regions)
})
