/**
 * Generic plans: to plan `any($1)` and `unnest` anew for every execution costs up to a third of a short statement, and sets
 * by key have one good plan (measured on 200,000 rows: no slower, and no index lost). What does want a plan by value, a
 * filter on a rare value of a column, is written with that value as a literal.
 *
 * Such a plan is often made while its table is still empty, and the embedded server (no autovacuum) never makes a new one,
 * so it must be the plan for a large table: keys through their index, never a scan or a hash of the whole. All pages are
 * taken to be in memory, so they cost next to nothing. Without this, statements slowed with every row: 14 ms after 40,000
 * rows, 0.5 ms with it.
 *
 * No statement here runs long enough to be worth compiling, and one that is left with a scan (its table has no other way)
 * costs so much on paper that it would be, at each execution.
 *
 * Notices have no reader here.
 */
export const PLANNER_SETTINGS = `
  set plan_cache_mode = force_generic_plan;
  set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set enable_bitmapscan = off;
  set random_page_cost = 0.001; set seq_page_cost = 0.001;
  set jit = off;
  set client_min_messages = warning`
