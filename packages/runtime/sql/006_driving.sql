-- The sagas that this service drives (orchestrated), while they run: what is asked, and of what is known so far. Gone in
-- the transaction that ends the saga.
create table {{schema}}.driving (
  saga uuid primary key,
  definition text not null,
  style text not null check (style in ('messages', 'http')),
  kind text not null check (kind in ('running', 'compensating')),
  -- the command whose answer is awaited
  step text not null,
  phase text not null check (phase in ('do', 'settle', 'undo')),
  -- why it turns back; while it is running, why somebody wants it cancelled
  cause_step text,
  reason text,
  -- JSON: the input, and the results of the steps by name
  data text not null,
  -- since when the awaited command is
  asked timestamptz not null default comptoir.now(),
  -- over messages: when it is overdue (null: never); by calls: when somebody else goes on, because who drives has died
  due timestamptz
) with (fillfactor = 50);
create index driving_due on {{schema}}.driving (due);
