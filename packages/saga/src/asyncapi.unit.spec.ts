import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AsyncApiDocument, asyncApi } from './asyncapi.ts'
import { answerType, commandsOf, commandType } from './command.ts'
import { type Saga, stepOf } from './definition.ts'
import { type Phase, routesOf } from './protocol.ts'
import { arbitrarySaga } from './testing/arbitrary-run.ts'
import { declared, step } from './testing/declared.ts'

const document = (...sagas: readonly Saga[]) =>
  asyncApi({
    title: 'Shop',
    version: '1',
    sagas,
    events: [{ type: 'Counted', from: 'shop', to: 'bank', data: { type: 'object' } }],
    feed: 'feed',
  })

/** Every reference of a document, wherever it stands. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => (name === '$ref' ? [String(inner)] : references(inner)))
}
const resolve = (whole: unknown, ref: string): unknown =>
  ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], whole)

interface Operation {
  readonly action: 'send' | 'receive'
  readonly channel: { readonly $ref: string }
  readonly messages: readonly { readonly $ref: string }[]
}
interface Schema {
  readonly required?: readonly string[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly properties?: { readonly outcome?: Schema }
}
interface Channel {
  readonly address: string
  readonly messages: Readonly<Record<string, { readonly $ref: string }>>
}
const operations = (of: AsyncApiDocument) => Object.entries(of.operations as Record<string, Operation>)
const channels = (of: AsyncApiDocument) => Object.values(of.channels as Record<string, Channel>)
const names = (of: AsyncApiDocument, channel: Channel) =>
  Object.values(channel.messages).map(({ $ref }) => (resolve(of, $ref) as { name: string }).name)

describe('the AsyncAPI document of any saga', () => {
  const everyDocument = (property: (of: AsyncApiDocument, saga: Saga) => void) =>
    fc.assert(
      fc.property(arbitrarySaga, (saga) => {
        property(document(saga), saga)
      }),
    )

  it('has only references that lead somewhere, and keys that may be', () => {
    everyDocument((of) => {
      for (const ref of references(of)) expect(resolve(of, ref), ref).toBeDefined()
      for (const key of [...Object.keys(of.channels), ...Object.keys(of.operations), ...Object.keys(of.components.messages)])
        expect(key).toMatch(/^[A-Za-z0-9._-]+$/)
    })
  })

  it('has every route of the saga once, and every command and answer, in the mailbox it goes to', () => {
    everyDocument((of, saga) => {
      const found = channels(of).flatMap((channel) => names(of, channel).map((name) => `${name} → ${channel.address}`))
      const mailbox = (at: string, phase: Phase) => (phase === 'do' ? at : `${at}.control`)
      const routes = [...routesOf(saga)].map(
        ([type, target]) => `${type} → ${mailbox(target.at, target.kind === 'step' ? target.phase : 'do')}`,
      )
      const driven = commandsOf(saga).flatMap((command) => [
        `${commandType(command)} → ${mailbox(stepOf(saga, command.step).at, command.phase)}`,
        `${answerType(command)} → orchestrator`,
      ])
      expect(found.sort()).toEqual([...routes, ...driven, `${saga.end.message.name} → feed`, 'Counted → bank'].sort())
    })
  })

  it('lets each message be sent by one service (the end by home or the driver) and received by the service of its mailbox, the feed apart', () => {
    everyDocument((of) => {
      const inChannels = channels(of).flatMap(({ address, messages }) =>
        Object.keys(messages).map((key) => `#/channels/${address}/messages/${key}`),
      )
      const by = (action: string) =>
        operations(of).flatMap(([, one]) => (one.action === action ? one.messages.map(({ $ref }) => $ref) : []))
      const ends = inChannels.filter((ref) => ref.startsWith('#/channels/feed/'))
      expect(by('send').sort()).toEqual([...inChannels, ...ends].sort())
      expect(by('receive').sort()).toEqual(inChannels.filter((ref) => !ends.includes(ref)).sort())
      for (const [, { channel, messages }] of operations(of))
        for (const { $ref } of messages) expect($ref.startsWith(`${channel.$ref}/messages/`)).toBe(true)
    })
  })
})

const buy = declared(
  [step('compensatable', 'reserve', 'shop'), step('compensatable', 'pack', 'depot'), step('pivot', 'pay', 'bank')],
  { name: 'Buy', home: 'desk' },
)

it('says who sends each message', () => {
  const of = document(buy)
  const sent = (service: string) =>
    operations(of)
      .filter(([name]) => name.startsWith(`${service}.sends.`))
      .flatMap(([, { messages }]) =>
        messages.map(({ $ref }) => $ref.replace('#/channels/', '').replace('/messages/Buy.v1.', ': ')),
      )
  const inChoreography = (service: string) => sent(service).filter((text) => !/: (command|answer)\./.test(text))
  expect(inChoreography('desk')).toEqual(['shop: BuyRequested', 'shop.control: settle.reserve', 'feed: SampleEnded'])
  expect(inChoreography('depot')).toEqual([
    'bank: packDone',
    'shop.control: packFailed',
    'shop.control: packUndone',
    'bank.control: settle.pay',
  ])
  expect(sent('bank')).toContain('orchestrator: answer.settle.pay')
  expect(sent('orchestrator')).toEqual([
    'feed: SampleEnded',
    'shop: command.do.reserve',
    'shop.control: command.settle.reserve',
    'shop.control: command.undo.reserve',
    'depot: command.do.pack',
    'depot.control: command.settle.pack',
    'depot.control: command.undo.pack',
    'bank: command.do.pay',
    'bank.control: command.settle.pay',
  ])
})

it('keeps apart two sagas with a step of the same name', () => {
  const other = declared([step('pivot', 'pay', 'bank')], { name: 'Give', home: 'desk' })
  const keys = Object.keys(document(buy, other).components.messages)
  expect(keys).toEqual(expect.arrayContaining(['Buy.v1.settle.pay', 'Give.v1.settle.pay']))
  const driven = [buy, other].flatMap(commandsOf).length * 2
  expect(keys).toHaveLength(routesOf(buy).size + routesOf(other).size + driven + 3)
})

it('describes the data of a message: what is known forward, the cause on the way back, the outcome at the end', () => {
  const of = document(buy)
  const fields = (type: string) =>
    Object.keys((resolve(of, `#/components/messages/Buy.v1.${type}/payload/properties`) ?? {}) as object)
  expect(fields('BuyRequested')).toEqual(['input'])
  expect(fields('packDone')).toEqual(['input', 'reserve', 'pack'])
  expect(fields('payFailed')).toEqual(['cause'])
  expect(fields('packUndone')).toEqual(['cause'])
  expect(fields('settle.pack')).toEqual([])
  expect(fields('SampleEnded')).toEqual(['outcome', 'cause'])
})

it('describes what a driver asks and what it is answered: what is known, why it turns back, the definite outcome', () => {
  const of = document(declared([step('compensatable', 'reserve'), step('retriable', 'ship')], { name: 'Buy' }))
  const payload = (type: string) => resolve(of, `#/components/messages/Buy.v1.${type}/payload`) as Schema
  const outcomes = ({ anyOf, properties }: Schema): unknown[] =>
    anyOf ? anyOf.flatMap(outcomes) : [properties?.outcome?.const ?? properties?.outcome?.anyOf?.map((one) => one.const)]
  expect(payload('command.do.ship')).toMatchObject({ required: ['input', 'reserve'] })
  expect(payload('command.undo.reserve')).toMatchObject({ required: ['cause'] })
  expect(payload('command.settle.reserve').required).toBeUndefined()
  expect(outcomes(payload('answer.do.reserve'))).toEqual(['done', ['failed', 'refused']])
  expect(outcomes(payload('answer.do.ship'))).toEqual(['done'])
  expect(outcomes(payload('answer.undo.reserve'))).toEqual(['undone'])
})
