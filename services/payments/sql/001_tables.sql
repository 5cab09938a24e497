-- One row per order decides whether it is paid, open or given up (protocol: one order, one winner).
create table payments.payments (
  id int generated always as identity primary key,
  order_id bigint not null constraint payments_order_key unique,
  -- null on a row that only closes an order which never had a payment
  user_id int,
  total bigint check (total > 0 and total <= 9007199254740991),
  status text not null check (status in ('OPEN', 'PAID', 'CLOSED')),
  -- the saga that opened it, or an id of its own: the key of the payment's own events
  key uuid not null,
  created_at timestamptz not null default comptoir.now()
) with (fillfactor = 80);

-- Users on credit hold: their payments are refused.
create table payments.holds (
  user_id int primary key,
  since timestamptz not null default comptoir.now()
);
