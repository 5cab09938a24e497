import type { Work } from '@comptoir/runtime'

/** Users by what they spent on orders that stand (PLACED or PAID), in minor units; at most ten, ties by id. */
export const highestSpenders = (work: Work): Promise<{ user_id: number; total: number }[]> =>
  work.query(`select user_id, total from store_view.spending where total > 0 order by total desc, user_id limit 10`)

/** Products by units sold in orders that stand; at most ten, ties by id. */
export const bestSellers = (work: Work): Promise<{ product_id: number; quantity: number }[]> =>
  work.query(`select product_id, quantity from store_view.sold where quantity > 0 order by quantity desc, product_id limit 10`)
