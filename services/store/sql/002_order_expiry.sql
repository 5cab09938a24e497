-- Orders that wait for their payment, and until when. A row is gone in the transaction that pays the order or begins its end.
create table {{schema}}.order_expiry (
  order_id bigint primary key,
  due timestamptz not null
);
create index order_expiry_due on {{schema}}.order_expiry (due);
