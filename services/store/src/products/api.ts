import { fieldProblem, Id, Money, normalText, Problem, Text, toDecimal, toMinor } from '@comptoir/http'
import type { Work } from '@comptoir/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { createProduct, deleteProduct } from './commands.ts'
import { findProducts } from './queries.ts'

const NewProduct = Type.Object({ name: Text(200), sku: Text(64), price: Money() }, { additionalProperties: false })
const ProductPath = Type.Object({ id: Id })
const ProductCreated = Type.Object({ product_id: Type.Integer() })
const Product = Type.Object({ id: Type.Integer(), name: Type.String(), sku: Type.String(), price: Type.Number() })
const Deleted = Type.Object({ deleted: Type.Boolean() })

const writing = { policy: 'clerk' } as const
const reading = { policy: 'anyone' } as const

/** The routes of products. */
export function productsApi(work: Work): FastifyPluginAsync {
  return async (app) => {
    app.post<{ Body: Static<typeof NewProduct> }>(
      '/products',
      {
        config: writing,
        schema: { summary: 'Add a product', tags: ['products'], body: NewProduct, response: { 201: ProductCreated } },
      },
      async (request, reply) => {
        const { name, sku, price } = request.body
        const creation = await createProduct(work, { name: normalText(name), sku: normalText(sku), price: toMinor(price) })
        if (creation.kind === 'sku_taken') throw skuTaken()
        return reply.code(201).send({ product_id: creation.id })
      },
    )

    app.get<{ Params: Static<typeof ProductPath> }>(
      '/products/:id',
      { config: reading, schema: { summary: 'A product', tags: ['products'], params: ProductPath, response: { 200: Product } } },
      async (request) => {
        const [product] = await findProducts(work, [Number(request.params.id)])
        if (product === undefined) throw unknownProduct(request.params.id)
        return { ...product, price: toDecimal(product.price) }
      },
    )

    app.delete<{ Params: Static<typeof ProductPath> }>(
      '/products/:id',
      {
        config: writing,
        schema: {
          summary: 'Delete a product without stock or orders',
          tags: ['products'],
          params: ProductPath,
          response: { 200: Deleted },
        },
      },
      async (request) => {
        const deletion = await deleteProduct(work, Number(request.params.id))
        if (deletion === 'unknown') throw unknownProduct(request.params.id, { deleted: false })
        if (deletion !== 'deleted') throw undeletable(deletion)
        return { deleted: true }
      },
    )
  }
}

function unknownProduct(id: string, members: Readonly<Record<string, unknown>> = {}): Problem {
  return new Problem(404, 'unknown_product', `There is no product ${id}. Use an id that POST /products gave.`, { members })
}

function skuTaken(): Problem {
  return fieldProblem(409, '/sku', 'sku_taken', 'Another product has this sku. Use a different one.')
}

function undeletable(reason: 'ordered' | 'in_stock'): Problem {
  return reason === 'ordered'
    ? new Problem(
        409,
        'product_ordered',
        'This product was ordered, and orders are kept. Only products never ordered can be deleted.',
      )
    : new Problem(
        409,
        'product_in_stock',
        'There is stock of this product. Set its level to 0 with POST /stocks, then delete it.',
      )
}
