-- The engine's tables of one service; {{schema}} is the service's schema.

-- What the service says, in the commit of the change that caused it. Readers go by (epoch, txid, pos) below the horizon.
create sequence {{schema}}.log_pos;
create table {{schema}}.log (
  mailbox text not null,
  epoch int not null,
  txid xid8 not null default pg_current_xact_id(),
  pos bigint not null default nextval('{{schema}}.log_pos'),
  -- saga id: partition key and subject
  key uuid not null,
  type text not null,
  -- of events; the id of a saga's message follows from its key and type
  id uuid,
  -- the saga's declaration; null on events
  definition text,
  body text not null,
  created timestamptz not null default comptoir.now(),
  primary key (mailbox, epoch, txid, pos, created)
) partition by range (created);
create table {{schema}}.log_default partition of {{schema}}.log default;

-- What the service has handled: deduplication, barrier and history at once.
create table {{schema}}.inbox (
  -- saga id, or event id (UUIDv7): rows come in at the right edge of the index
  id uuid not null,
  step text not null,
  phase text not null check (phase in ('do', 'undo', 'event')),
  outcome text not null check (outcome in ('done', 'failed', 'refused')),
  -- what a compensatable step was given, for its undo
  data text,
  result text,
  reason text,
  detail text,
  at timestamptz not null default comptoir.now(),
  primary key (id, step, phase)
) partition by range (id);
create table {{schema}}.inbox_default partition of {{schema}}.inbox default;

-- How far each consumer has read each source. A writer names its lease: a zombie touches no row.
create table {{schema}}.position (
  consumer text not null,
  source text not null,
  epoch int not null default 0,
  txid xid8 not null default '0',
  pos bigint not null default 0,
  lease int not null default 0,
  clean boolean not null default true,
  primary key (consumer, source)
) with (fillfactor = 10);

-- The sagas that this service began (home), in every style.
create table {{schema}}.saga (
  id uuid primary key,
  definition text not null,
  style text not null,
  -- the business key people know it by: the order's number
  subject text,
  version int not null default 1,
  -- null while it runs
  outcome text check (outcome in ('completed', 'cancelled')),
  cause_step text,
  reason text,
  -- why a person is needed; null when nobody is
  attention text,
  began_at timestamptz not null default comptoir.now(),
  ended_at timestamptz
) with (fillfactor = 70);
-- Those that have not ended. A table and not a partial index on saga: with that, ending a saga would be no heap-only
-- update, and its dead entries would have to be vacuumed out of the large table.
create table {{schema}}.saga_open (id uuid primary key);

-- Keys that wait: the culprit (retry or dead) first, the others of the key parked behind it.
create table {{schema}}.held_key (
  key uuid primary key,
  since timestamptz not null default comptoir.now()
);
create table {{schema}}.held_message (
  id bigint generated always as identity primary key,
  key uuid not null,
  state text not null check (state in ('retry', 'parked', 'dead', 'unknown')),
  due timestamptz,
  attempts int not null default 0,
  error text,
  -- the step was refused and the saga turned back: the letter is kept, the key does not wait for it
  settled boolean not null default false,
  -- home was told that a person is needed
  attention boolean not null default false,
  source text not null,
  type text not null,
  message_id uuid,
  definition text,
  body text not null,
  created timestamptz not null,
  since timestamptz not null default comptoir.now()
);
create index held_message_key on {{schema}}.held_message (key, id);
create index held_message_due on {{schema}}.held_message (due) where state = 'retry';
create index held_message_dead on {{schema}}.held_message (id) where state = 'dead';

-- An operator's wish to try a dead letter again; performed by the consumer that owns the key. Kept as the audit of it.
create table {{schema}}.replay_request (
  id bigint generated always as identity primary key,
  held_message bigint not null,
  requested_by text not null,
  requested_at timestamptz not null default comptoir.now(),
  performed_at timestamptz
);
create index replay_request_open on {{schema}}.replay_request (id) where performed_at is null;

-- Messages that were being handled when the process died (F8): counted before they are started again.
create table {{schema}}.started (
  id text primary key,
  starts int not null
);

-- Idempotency keys: inserted in the business transaction.
create table {{schema}}.idempotency_key (
  scope text not null,
  key text not null,
  fingerprint text not null,
  -- what the answer is derived from
  answer text not null,
  created_at timestamptz not null default comptoir.now(),
  primary key (scope, key)
);
create index idempotency_key_age on {{schema}}.idempotency_key (created_at);
