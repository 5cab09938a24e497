import { BodyId, EditHeaders, entityTag, etagHeader, expectedVersions, Id, Problem, Stale, toDecimal } from '@comptoir/http'
import type { Work } from '@comptoir/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import type { EntryReads } from '../entry-reads.ts'
import type { ReadYourWrites } from '../read-your-writes.ts'
import { adjustStock, setStock } from './commands.ts'
import { HIGHEST_LEVEL } from './levels.ts'
import { stockLevels, stockOverview } from './queries.ts'
import { refusalProblem, staleLevel } from './refusals.ts'

const Setting = Type.Object(
  { product_id: BodyId, quantity: Type.Integer({ minimum: 0, maximum: HIGHEST_LEVEL }) },
  { additionalProperties: false },
)
const Line = Type.Object(
  { product_id: BodyId, quantity: Type.Integer({ minimum: 1, maximum: HIGHEST_LEVEL }) },
  { additionalProperties: false },
)
const Adjustment = Type.Object(
  { items: Type.Array(Line, { minItems: 1, maxItems: 1000 }), operation: Type.Enum(['+', '-']) },
  { additionalProperties: false },
)
const ProductPath = Type.Object({ product_id: Id })
const Result = Type.Object({ result: Type.String() })
const Level = Type.Object({ product_id: Type.Integer(), quantity: Type.Integer() }, { headers: etagHeader })
const Overview = Type.Array(
  Type.Object({
    Article: Type.String(),
    'Numéro SKU': Type.String(),
    'Prix unitaire': Type.Number(),
    'Unités en stock': Type.Integer(),
  }),
)

const writing = { policy: 'clerk' } as const
const reading = { policy: ['clerk', 'operator'] } as const
const tags = ['stock']

/**
 * The routes of stock as people see and change it.
 *
 * @param entries the read store, where there is one
 */
export function stockApi(work: Work, reads: ReadYourWrites, entries?: EntryReads): FastifyPluginAsync {
  return async (app) => {
    app.post<{ Body: Static<typeof Setting> }>(
      '/stocks',
      {
        config: writing,
        schema: {
          summary: 'Set the stock level of a product',
          tags,
          headers: EditHeaders,
          body: Setting,
          response: { 201: Result, 412: Stale },
        },
      },
      async (request, reply) => {
        const { product_id } = request.body
        const setting = await setStock(work, request.body, expectedVersions(request))
        if (setting.kind === 'unknown_product') throw unknownProduct(product_id)
        if (setting.kind === 'stale') throw staleLevel(product_id)
        await reads.reached('stock', setting.versions)
        return reply.code(201).send({ result: setting.kind === 'added' ? `rows added: ${product_id}` : 'rows updated: 1' })
      },
    )

    app.put<{ Body: Static<typeof Adjustment> }>(
      '/stocks',
      {
        config: writing,
        schema: {
          summary: 'Add to or take from stock',
          tags,
          headers: EditHeaders,
          body: Adjustment,
          response: { 200: Result, 412: Stale },
        },
      },
      async (request) => {
        const { items, operation } = request.body
        const expected = expectedVersions(request)
        const [first, ...others] = new Set(items.map(({ product_id }) => product_id))
        if (expected !== undefined && others.length > 0) throw severalLevels()
        const adjustment = await adjustStock(work, items, operation, expected)
        if (adjustment.kind === 'stale') throw staleLevel(Number(first))
        if (adjustment.kind !== 'adjusted') throw refusalProblem(adjustment, items)
        await reads.reached('stock', adjustment.versions)
        return { result: 'OK' }
      },
    )

    app.get<{ Params: Static<typeof ProductPath> }>(
      '/stocks/:product_id',
      {
        config: reading,
        schema: { summary: 'The stock level of a product', tags, params: ProductPath, response: { 200: Level } },
      },
      async (request, reply) => {
        const product_id = Number(request.params.product_id)
        const level = (await stockLevels(work, [product_id], reads, entries)).get(product_id)
        if (level === undefined) throw noLevel(product_id)
        reply.header('etag', entityTag(level.version))
        return { product_id, quantity: level.quantity }
      },
    )

    app.get(
      '/stocks/reports/overview-stocks',
      { config: reading, schema: { summary: 'All stock levels', tags, response: { 200: Overview } } },
      async () =>
        (await stockOverview(work)).map(({ name, sku, price, quantity }) => ({
          Article: name,
          'Numéro SKU': sku,
          'Prix unitaire': toDecimal(price),
          'Unités en stock': quantity,
        })),
    )
  }
}

function unknownProduct(id: number): Problem {
  const detail = `There is no product ${id}. Use an id that POST /products gave.`
  return new Problem(404, 'unknown_product', detail, { errors: [{ pointer: '/product_id', code: 'unknown_product', detail }] })
}

function severalLevels(): Problem {
  const detail = 'If-Match is the ETag of one level: send the lines of one product with it, or all lines without it.'
  return new Problem(400, 'if_match', detail, { errors: [{ parameter: 'If-Match', code: 'several_levels', detail }] })
}

function noLevel(id: number): Problem {
  return new Problem(404, 'unknown_stock', `Product ${id} has no stock level. Set one with POST /stocks.`)
}
