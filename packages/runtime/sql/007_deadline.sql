-- When the outcome of a choreographed saga is made definite; null: never. Gone with the row, in the transaction that ends it.
alter table {{schema}}.saga_open add column due timestamptz;
create index saga_open_due on {{schema}}.saga_open (due);
