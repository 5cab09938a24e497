import { population } from '../saga-system.ts'
import type { Session } from './session.ts'

const { first, products, stock } = population

/** The tables that the saga needs and no others: no read model, no reports, no ledger, no constraints that only protect. */
const tables = `
  create schema s; create schema p;
  create table s.products (id int primary key, price bigint not null);
  create table s.stocks (product_id int primary key, quantity int not null check (quantity >= 0));
  create table s.orders (
    id bigint generated always as identity primary key, saga uuid not null unique, user_id int not null, total bigint not null,
    status text not null, payment_link text, version int not null default 1, created timestamptz default now()
  );
  create table s.order_items (order_id bigint, product_id int, quantity int, unit bigint);
  create table p.payments (
    id bigint generated always as identity primary key, order_id bigint not null unique, user_id int, total bigint, status text default 'open'
  );
  insert into s.products select id, 100 + id from generate_series(${first}, ${first + products - 1}) as id;
  insert into s.stocks select id, ${stock} from generate_series(${first}, ${first + products - 1}) as id;`

const engine = (schema: string) => `
  create table ${schema}.outbox (
    mailbox text not null, txid xid8 not null default pg_current_xact_id(), pos bigint generated always as identity,
    saga uuid not null, name text not null, body text not null, created timestamptz not null default now(),
    primary key (mailbox, txid, pos)
  );
  create table ${schema}.inbox (
    saga uuid, step text, phase text, outcome text not null, at timestamptz not null default now(), primary key (saga, step, phase)
  );
  create table ${schema}.position (source text primary key, txid xid8 not null default '0', pos bigint not null default 0, epoch int not null default 1);`

export async function createSchema(database: Session): Promise<void> {
  await database.script(`${tables} ${engine('s')} ${engine('p')}
    insert into s.position (source) values ('s'), ('p'); insert into p.position (source) values ('s');`)
}

/** Prices by product, kept in memory. */
export async function readPrices(database: Session): Promise<ReadonlyMap<number, number>> {
  const rows = await database.read('select id, price from s.products', [])
  return new Map(rows.map(({ id, price }) => [Number(id), Number(price)]))
}
