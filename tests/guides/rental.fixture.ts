import { each, type Handler, type Migrations, type Ports, participant, Service } from '@comptoir/runtime'
import { defineSaga, done, failed, message, type StepsOf } from '@comptoir/saga'
import { Type } from 'typebox'

const nothing = Type.Object({})

// #region declaration
export const rent = defineSaga('Rent', { version: 1, home: 'garage', input: Type.Object({ driver: Type.String() }) })
  .compensatable('reserve', {
    at: 'garage',
    state: 'RESERVING',
    done: message('CarReserved', Type.Object({ car: Type.Integer() })),
    failed: message('ReservationFailed', Type.Literal('no_car')),
    undo: { name: 'release', state: 'RELEASING', done: message('CarReleased', nothing) },
  })
  .pivot('charge', {
    at: 'cashier',
    state: 'CHARGING',
    done: message('DriverCharged', nothing),
    failed: message('ChargeRefused', Type.Literal('no_credit')),
  })
  .end('RENTED', message('RentalEnded', nothing))
// #endregion

type Steps = StepsOf<typeof rent>

/** Takes the first car that is free. */
export const reserve: Handler<Steps['reserve']> = {
  do: each(async (unit, { saga }) => {
    const [car] = await unit.query<{ id: number }>(
      `update garage.cars set saga = $1 where id = (select id from garage.cars where saga is null order by id limit 1) returning id`,
      [saga],
    )
    return car ? done({ car: car.id }) : failed('no_car')
  }),
  async undo(unit, undos) {
    await unit.query('update garage.cars set saga = null where saga = any($1::uuid[])', [undos.map(({ saga }) => saga)])
  },
}

const charge: Handler<Steps['charge']> = {
  do: each(async (unit, { saga, data }) => {
    if (data.input.driver === 'broke') return failed('no_credit')
    await unit.query('insert into cashier.charges (saga, driver) values ($1, $2)', [saga, data.input.driver])
    return done({})
  }),
}

// #region services
export const services = (ports: Ports, epoch: number): Service[] => [
  new Service({
    ...ports,
    epoch,
    name: 'garage',
    participants: [participant(rent, 'garage', { reserve })],
    homes: [{ saga: rent }],
  }),
  new Service({ ...ports, epoch, name: 'cashier', participants: [participant(rent, 'cashier', { charge })] }),
]

export const migrations: Migrations[] = ['garage', 'cashier'].map((schema) => ({
  owner: schema,
  folder: new URL(`sql/${schema}/`, import.meta.url),
  schema,
}))
// #endregion
