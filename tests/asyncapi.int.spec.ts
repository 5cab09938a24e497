import { placeOrder } from '@comptoir/contracts'
import { type LoggedMessage, mailboxesOf } from '@comptoir/runtime'
import { asyncApi, commandsOf, commandType, routesOf } from '@comptoir/saga'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { messages as described, events, sagas } from '../apps/comptoir/src/installation.ts'
import { written } from '../packages/kafka/src/testing/received.ts'
import { attentionType } from '../packages/runtime/src/unit-of-work.ts'
import { requestCancellation } from '../services/store/src/orders/commands.ts'
import { userOnHold } from './kit/shop.ts'
import { until } from './kit/wait.ts'
import { newProduct, openShop, pay, place, placed, type Shop } from './orders/shop.fixture.ts'

const document = asyncApi(described)
const { properties: attributes } = document.components.schemas.headers as { readonly properties: object }
const ajv = new Ajv({ strict: false, validateFormats: false })
ajv.addSchema(document, 'document')

interface Described {
  readonly name: string
  readonly headers: {
    readonly allOf: readonly [unknown, { readonly properties: { readonly ce_definition?: { readonly const: string } } }]
  }
}
const known = Object.entries(document.components.messages as Readonly<Record<string, Described>>)

type Sent = LoggedMessage & { readonly mailbox: string }
/** The key of the message in the document; undefined when it is not described, or in another mailbox. */
const keyOf = ({ type, definition, mailbox, source }: Sent) =>
  known.find(([key, { name, headers }]) => {
    const { messages } = document.channels[mailbox] as { messages: object }
    const sender = type === attentionType ? key.endsWith(`.${source}`) : true
    return name === type && (headers.allOf[1].properties.ce_definition?.const ?? null) === definition && key in messages && sender
  })?.[0]
function faults(key: string, part: 'payload' | 'headers', value: unknown): unknown {
  const validate = ajv.compile({ $ref: `document#/components/messages/${key}/${part}` })
  return validate(value) ? null : validate.errors
}

let shop: Shop
let sent: readonly Sent[]

/** Has an order driven over messages, to its end. */
async function drive(user_id: number, product_id: number): Promise<void> {
  const { driver, ends } = shop.instance.orchestration ?? {}
  const begun = await driver?.begin(placeOrder, 'messages', { user_id, items: [{ product_id, quantity: 1 }] })
  if (begun?.kind !== 'begun') throw new Error(`an order was ${begun?.kind}`)
  await until('the end of the saga', () => ends?.of(begun.saga, 1_000))
}

beforeAll(async () => {
  shop = await openShop()
  const product = await newProduct(shop, 10)
  const lines = [{ product_id: product, quantity: 1 }]
  const cancelled = await placed(shop, product)
  await shop.call('DELETE', `/orders/${cancelled}`)
  await pay(shop, await placed(shop, product))
  await shop.call('PUT', '/orders', { order_id: await placed(shop, product), is_paid: true })
  await place(shop, userOnHold, lines)
  await place(shop, 1, [{ product_id: product, quantity: 1_000 }])
  await drive(1, product)
  await drive(userOnHold, product)
  // An order that is driven, and whose driver is asked to give it up.
  const [driven] = await shop.database.query<{ id: number }>(
    `insert into store.orders (saga_id, user_id, total, status) values (gen_random_uuid(), 1, 100, 'PENDING') returning id`,
  )
  await requestCancellation(shop.instance.store, driven?.id ?? 0)
  const select = (service: string) =>
    shop.database.query<Sent>(
      `select '${service}' as source, mailbox, epoch, txid::text, pos, key, id, type, definition, body, (extract(epoch from created) * 1000)::float8 as created
       from ${service}.log where mailbox = any($1)`,
      [[...mailboxesOf(['store', 'payments', 'orchestrator']), 'feed']],
    )
  sent = [...(await select('store')), ...(await select('payments')), ...(await select('orchestrator'))]
}, 120_000)
afterAll(() => shop.close())

describe('the messages that a running shop sends', () => {
  it('are all described, in the mailbox they went to, with the data they carry', () => {
    for (const message of sent) {
      const key = keyOf(message)
      expect(key, `${message.type} to ${message.mailbox}`).toBeDefined()
      expect(faults(key ?? '', 'payload', JSON.parse(message.body)), `${message.type} ${message.body}`).toBeNull()
    }
  })

  it('have the headers that are described, on Kafka', () => {
    for (const message of sent) {
      const { headers } = written(message.mailbox, message)
      const texts = Object.fromEntries(headers.map(([name, value]) => [String(name), String(value)]))
      expect(faults(keyOf(message) ?? '', 'headers', texts), message.type).toBeNull()
      expect(Object.keys(texts).filter((name) => !(name in attributes))).toEqual([])
    }
  })

  it('are nearly all that the sagas can say', () => {
    const types = new Set(sent.map(({ type }) => type))
    const missed = sagas.flatMap((saga) =>
      [...routesOf(saga)].filter(([type, target]) => {
        // A first step that begins at the edge needs no request; an end at home is no message; nobody settles yet.
        return target.kind !== 'end' && !type.startsWith('settle:') && !types.has(type)
      }),
    )
    expect(missed.map(([type]) => type)).toEqual(['PlaceOrderRequested'])
    for (const { type } of events) expect(types).toContain(type)
    const commanded = commandsOf(placeOrder).filter((command) => !types.has(commandType(command)))
    // Nothing was late, and nothing that had been paid for was given up.
    expect(commanded.map(({ phase }) => phase).filter((phase) => phase !== 'settle')).toEqual([])
  })

  it('come from the service that is said to send them', () => {
    const operations = document.operations as Readonly<Record<string, { action: string; messages: { $ref: string }[] }>>
    for (const message of sent) {
      const key = keyOf(message) ?? ''
      const senders = Object.entries(operations).filter(
        ([, one]) => one.action === 'send' && one.messages.some(({ $ref }) => $ref.endsWith(`/${key}`)),
      )
      expect(
        senders.map(([name]) => name),
        message.type,
      ).toEqual(
        (message.mailbox === 'feed' ? ['store', 'orchestrator'] : [message.source]).map((at) => `${at}.sends.${message.mailbox}`),
      )
    }
  })
})

it('the message that asks for a person has the engine’s name, and comes from where a step cannot fail', () => {
  const asking = described.events.flatMap(({ type, from, saga }) =>
    saga && type === attentionType ? [[saga.name, type, from]] : [],
  )
  expect(asking).toEqual(sagas.map(({ name }) => [name, attentionType, 'store']))
})

it('data of another form are refused', () => {
  expect(faults('PlaceOrder.v1.PaymentCreated', 'payload', { input: {} })).not.toBeNull()
  expect(faults('PlaceOrder.v1.PaymentCreated', 'headers', { 'content-type': 'application/json' })).not.toBeNull()
})
