-- The store's read model, kept by projections of the store's own log. {{schema}} is store_view, or the schema that a
-- rebuild fills beside it and then puts in its place.

create table {{schema}}.orders (
  order_id bigint primary key,
  saga_id uuid not null,
  user_id int not null,
  total bigint not null,
  -- JSON text: [{"product_id":…,"quantity":…,"unit_price":…}], prices in minor units
  items text not null,
  payment_id int,
  status text not null,
  reason text,
  created_at timestamptz not null,
  version int not null
) with (fillfactor = 70);

create table {{schema}}.stock (
  product_id int primary key,
  quantity bigint not null,
  product_name text not null,
  product_sku text not null,
  product_unit_price bigint not null,
  version int not null
) with (fillfactor = 50);

-- The reports, and which orders they contain: what an order's last version contributed is compared with the new one.
create table {{schema}}.counted (order_id bigint primary key);
create table {{schema}}.spending (user_id int primary key, total bigint not null) with (fillfactor = 50);
create index spending_highest on {{schema}}.spending (total desc, user_id);
create table {{schema}}.sold (product_id int primary key, quantity bigint not null) with (fillfactor = 50);
create index sold_best on {{schema}}.sold (quantity desc, product_id);
