table comptoir.epoch
  single boolean not null default true
  epoch integer not null
  system_identifier text not null
  timeline integer not null
  constraint epoch_pkey PRIMARY KEY (single)
  constraint epoch_single_check CHECK (single)
table comptoir.migration
  owner text not null
  number integer not null
  name text not null
  digest text not null
  applied_at timestamp with time zone not null default now()
  constraint migration_pkey PRIMARY KEY (owner, number)
CREATE OR REPLACE FUNCTION comptoir.now() RETURNS timestamp with time zone LANGUAGE sql STABLE RETURN COALESCE((NULLIF(current_setting('comptoir.now'::text, true), ''::text))::timestamp with time zone, now()) 
table comptoir.secret
  name text not null
  value text not null
  constraint secret_pkey PRIMARY KEY (name)
table orchestrator."position" with (fillfactor=10)
  consumer text not null
  source text not null
  epoch integer not null default 0
  txid xid8 not null default '0'::xid8
  pos bigint not null default 0
  lease integer not null default 0
  clean boolean not null default true
  constraint position_pkey PRIMARY KEY (consumer, source)
CREATE OR REPLACE FUNCTION orchestrator.add_partition(parent text, day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'pg_temp' AS $function$ begin if parent is null or day is null or parent not in ('log', 'inbox') then raise 'there is no partition of % for %', parent, day using errcode = '22023'; end if; execute format('create table if not exists orchestrator.%I partition of orchestrator.%I for values from (%L) to (%L)', parent || to_char(day, '_YYYYMMDD'), parent, orchestrator.partition_bound(parent, day), orchestrator.partition_bound(parent, day + 1)); end $function$ 
table orchestrator.declaration
  id text not null
  name text not null
  version integer not null
  parts text not null
  first_used_at timestamp with time zone not null default comptoir.now()
  constraint declaration_pkey PRIMARY KEY (id)
table orchestrator.driving with (fillfactor=50)
  saga uuid not null
  definition text not null
  style text not null
  kind text not null
  step text not null
  phase text not null
  cause_step text
  reason text
  data text not null
  asked timestamp with time zone not null default comptoir.now()
  due timestamp with time zone
  paused boolean not null default false
  withheld boolean not null default false
  attempts integer not null default 0
  error text
  attention boolean not null default false
  constraint driving_kind_check CHECK ((kind = ANY (ARRAY['running'::text, 'compensating'::text])))
  constraint driving_phase_check CHECK ((phase = ANY (ARRAY['do'::text, 'settle'::text, 'undo'::text])))
  constraint driving_pkey PRIMARY KEY (saga)
  constraint driving_style_check CHECK ((style = ANY (ARRAY['messages'::text, 'http'::text])))
  CREATE INDEX driving_due ON orchestrator.driving USING btree (due)
CREATE OR REPLACE FUNCTION orchestrator.drop_partition(parent text, day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'pg_temp' AS $function$ begin if parent is null or day is null or parent not in ('log', 'inbox') then raise 'there is no partition of % for %', parent, day using errcode = '22023'; end if; execute format('drop table orchestrator.%I', parent || to_char(day, '_YYYYMMDD')); end $function$ 
table orchestrator.held_key
  key uuid not null
  since timestamp with time zone not null default comptoir.now()
  constraint held_key_pkey PRIMARY KEY (key)
table orchestrator.held_message
  id bigint not null generated always as identity
  key uuid not null
  state text not null
  due timestamp with time zone
  attempts integer not null default 0
  error text
  settled boolean not null default false
  attention boolean not null default false
  source text not null
  type text not null
  message_id uuid
  definition text
  body text not null
  created timestamp with time zone not null
  since timestamp with time zone not null default comptoir.now()
  constraint held_message_pkey PRIMARY KEY (id)
  constraint held_message_state_check CHECK ((state = ANY (ARRAY['retry'::text, 'parked'::text, 'dead'::text, 'unknown'::text, 'paused'::text])))
  CREATE INDEX held_message_dead ON orchestrator.held_message USING btree (id) WHERE (state = 'dead'::text)
  CREATE INDEX held_message_due ON orchestrator.held_message USING btree (due) WHERE (state = 'retry'::text)
  CREATE INDEX held_message_key ON orchestrator.held_message USING btree (key, id)
  CREATE INDEX held_message_paused ON orchestrator.held_message USING btree (key) WHERE (state = 'paused'::text)
  CREATE INDEX held_message_unknown ON orchestrator.held_message USING btree (definition) WHERE (state = 'unknown'::text)
sequence orchestrator.held_message_id_seq from 1
table orchestrator.idempotency_key
  scope text not null
  key text not null
  fingerprint text not null
  answer text not null
  created_at timestamp with time zone not null default comptoir.now()
  constraint idempotency_key_pkey PRIMARY KEY (scope, key)
  CREATE INDEX idempotency_key_age ON orchestrator.idempotency_key USING btree (created_at)
table orchestrator.inbox partition by RANGE (id)
  id uuid not null
  step text not null
  phase text not null
  outcome text not null
  data text
  result text
  reason text
  detail text
  at timestamp with time zone not null default comptoir.now()
  constraint inbox_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'failed'::text, 'refused'::text])))
  constraint inbox_phase_check CHECK ((phase = ANY (ARRAY['do'::text, 'undo'::text, 'event'::text])))
  constraint inbox_pkey PRIMARY KEY (id, step, phase)
table orchestrator.inbox_default partition DEFAULT
table orchestrator.lease with (fillfactor=10)
  name text not null
  holder text not null
  epoch bigint not null
  expires timestamp with time zone not null
  constraint lease_pkey PRIMARY KEY (name)
table orchestrator.log partition by RANGE (created)
  mailbox text not null
  epoch integer not null
  txid xid8 not null default pg_current_xact_id()
  pos bigint not null default nextval('orchestrator.log_pos'::regclass)
  key uuid not null
  type text not null
  id uuid
  definition text
  body text not null
  created timestamp with time zone not null default comptoir.now()
  constraint log_pkey PRIMARY KEY (mailbox, epoch, txid, pos, created)
table orchestrator.log_default partition DEFAULT
sequence orchestrator.log_pos from 1
table orchestrator.lost
  place text not null
  first bigint not null
  next bigint not null
  found timestamp with time zone not null default comptoir.now()
  republished timestamp with time zone
  constraint lost_check CHECK ((next > first))
  constraint lost_pkey PRIMARY KEY (place, first)
table orchestrator.member
  instance text not null
  since timestamp with time zone not null default comptoir.now()
  died timestamp with time zone
  constraint member_pkey PRIMARY KEY (instance)
table orchestrator.operator_act
  id bigint not null generated always as identity
  saga uuid not null
  act text not null
  reason text
  acted_by text not null
  at timestamp with time zone not null default comptoir.now()
  constraint operator_act_act_check CHECK ((act = ANY (ARRAY['pause'::text, 'resume'::text, 'retry'::text, 'cancel'::text])))
  constraint operator_act_pkey PRIMARY KEY (id)
  CREATE INDEX operator_act_saga ON orchestrator.operator_act USING btree (saga, id)
sequence orchestrator.operator_act_id_seq from 1
CREATE OR REPLACE FUNCTION orchestrator.partition_bound(parent text, day date) RETURNS text LANGUAGE sql STABLE SET search_path TO 'pg_catalog', 'pg_temp' AS $function$ select case parent when 'log' then (day::timestamp at time zone 'UTC')::text -- the first UUIDv7 of that day when 'inbox' then (lpad(to_hex((extract(epoch from day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid::text end $function$ 
table orchestrator.replay_request
  id bigint not null generated always as identity
  held_message bigint not null
  requested_by text not null
  requested_at timestamp with time zone not null default comptoir.now()
  performed_at timestamp with time zone
  constraint replay_request_pkey PRIMARY KEY (id)
  CREATE INDEX replay_request_open ON orchestrator.replay_request USING btree (id) WHERE (performed_at IS NULL)
sequence orchestrator.replay_request_id_seq from 1
table orchestrator.saga with (fillfactor=70)
  id uuid not null
  definition text not null
  style text not null
  subject text
  version integer not null default 1
  outcome text
  cause_step text
  reason text
  attention text
  began_at timestamp with time zone not null default comptoir.now()
  ended_at timestamp with time zone
  constraint saga_outcome_check CHECK ((outcome = ANY (ARRAY['completed'::text, 'cancelled'::text])))
  constraint saga_pkey PRIMARY KEY (id)
table orchestrator.saga_open
  id uuid not null
  due timestamp with time zone
  paused bigint
  told text[]
  attention boolean not null default false
  constraint saga_open_pkey PRIMARY KEY (id)
  CREATE INDEX saga_open_due ON orchestrator.saga_open USING btree (due)
  CREATE INDEX saga_open_stuck ON orchestrator.saga_open USING btree (id) WHERE ((paused IS NOT NULL) OR attention)
table orchestrator.started
  id text not null
  starts integer not null
  constraint started_pkey PRIMARY KEY (id)
table payments."position" with (fillfactor=10)
  consumer text not null
  source text not null
  epoch integer not null default 0
  txid xid8 not null default '0'::xid8
  pos bigint not null default 0
  lease integer not null default 0
  clean boolean not null default true
  constraint position_pkey PRIMARY KEY (consumer, source)
CREATE OR REPLACE FUNCTION payments.add_partition(parent text, day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'pg_temp' AS $function$ begin if parent is null or day is null or parent not in ('log', 'inbox') then raise 'there is no partition of % for %', parent, day using errcode = '22023'; end if; execute format('create table if not exists payments.%I partition of payments.%I for values from (%L) to (%L)', parent || to_char(day, '_YYYYMMDD'), parent, payments.partition_bound(parent, day), payments.partition_bound(parent, day + 1)); end $function$ 
table payments.declaration
  id text not null
  name text not null
  version integer not null
  parts text not null
  first_used_at timestamp with time zone not null default comptoir.now()
  constraint declaration_pkey PRIMARY KEY (id)
CREATE OR REPLACE FUNCTION payments.drop_partition(parent text, day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'pg_temp' AS $function$ begin if parent is null or day is null or parent not in ('log', 'inbox') then raise 'there is no partition of % for %', parent, day using errcode = '22023'; end if; execute format('drop table payments.%I', parent || to_char(day, '_YYYYMMDD')); end $function$ 
table payments.held_key
  key uuid not null
  since timestamp with time zone not null default comptoir.now()
  constraint held_key_pkey PRIMARY KEY (key)
table payments.held_message
  id bigint not null generated always as identity
  key uuid not null
  state text not null
  due timestamp with time zone
  attempts integer not null default 0
  error text
  settled boolean not null default false
  attention boolean not null default false
  source text not null
  type text not null
  message_id uuid
  definition text
  body text not null
  created timestamp with time zone not null
  since timestamp with time zone not null default comptoir.now()
  constraint held_message_pkey PRIMARY KEY (id)
  constraint held_message_state_check CHECK ((state = ANY (ARRAY['retry'::text, 'parked'::text, 'dead'::text, 'unknown'::text, 'paused'::text])))
  CREATE INDEX held_message_dead ON payments.held_message USING btree (id) WHERE (state = 'dead'::text)
  CREATE INDEX held_message_due ON payments.held_message USING btree (due) WHERE (state = 'retry'::text)
  CREATE INDEX held_message_key ON payments.held_message USING btree (key, id)
  CREATE INDEX held_message_paused ON payments.held_message USING btree (key) WHERE (state = 'paused'::text)
  CREATE INDEX held_message_unknown ON payments.held_message USING btree (definition) WHERE (state = 'unknown'::text)
sequence payments.held_message_id_seq from 1
table payments.holds
  user_id integer not null
  since timestamp with time zone not null default comptoir.now()
  constraint holds_pkey PRIMARY KEY (user_id)
table payments.idempotency_key
  scope text not null
  key text not null
  fingerprint text not null
  answer text not null
  created_at timestamp with time zone not null default comptoir.now()
  constraint idempotency_key_pkey PRIMARY KEY (scope, key)
  CREATE INDEX idempotency_key_age ON payments.idempotency_key USING btree (created_at)
table payments.inbox partition by RANGE (id)
  id uuid not null
  step text not null
  phase text not null
  outcome text not null
  data text
  result text
  reason text
  detail text
  at timestamp with time zone not null default comptoir.now()
  constraint inbox_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'failed'::text, 'refused'::text])))
  constraint inbox_phase_check CHECK ((phase = ANY (ARRAY['do'::text, 'undo'::text, 'event'::text])))
  constraint inbox_pkey PRIMARY KEY (id, step, phase)
table payments.inbox_default partition DEFAULT
table payments.lease with (fillfactor=10)
  name text not null
  holder text not null
  epoch bigint not null
  expires timestamp with time zone not null
  constraint lease_pkey PRIMARY KEY (name)
table payments.log partition by RANGE (created)
  mailbox text not null
  epoch integer not null
  txid xid8 not null default pg_current_xact_id()
  pos bigint not null default nextval('payments.log_pos'::regclass)
  key uuid not null
  type text not null
  id uuid
  definition text
  body text not null
  created timestamp with time zone not null default comptoir.now()
  constraint log_pkey PRIMARY KEY (mailbox, epoch, txid, pos, created)
table payments.log_default partition DEFAULT
sequence payments.log_pos from 1
table payments.lost
  place text not null
  first bigint not null
  next bigint not null
  found timestamp with time zone not null default comptoir.now()
  republished timestamp with time zone
  constraint lost_check CHECK ((next > first))
  constraint lost_pkey PRIMARY KEY (place, first)
table payments.member
  instance text not null
  since timestamp with time zone not null default comptoir.now()
  died timestamp with time zone
  constraint member_pkey PRIMARY KEY (instance)
table payments.operator_act
  id bigint not null generated always as identity
  saga uuid not null
  act text not null
  reason text
  acted_by text not null
  at timestamp with time zone not null default comptoir.now()
  constraint operator_act_act_check CHECK ((act = ANY (ARRAY['pause'::text, 'resume'::text, 'retry'::text, 'cancel'::text])))
  constraint operator_act_pkey PRIMARY KEY (id)
  CREATE INDEX operator_act_saga ON payments.operator_act USING btree (saga, id)
sequence payments.operator_act_id_seq from 1
CREATE OR REPLACE FUNCTION payments.partition_bound(parent text, day date) RETURNS text LANGUAGE sql STABLE SET search_path TO 'pg_catalog', 'pg_temp' AS $function$ select case parent when 'log' then (day::timestamp at time zone 'UTC')::text -- the first UUIDv7 of that day when 'inbox' then (lpad(to_hex((extract(epoch from day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid::text end $function$ 
table payments.payments with (fillfactor=80)
  id integer not null generated always as identity
  order_id bigint not null
  user_id integer
  total bigint
  status text not null
  key uuid not null
  created_at timestamp with time zone not null default comptoir.now()
  constraint payments_order_key UNIQUE (order_id)
  constraint payments_pkey PRIMARY KEY (id)
  constraint payments_status_check CHECK ((status = ANY (ARRAY['OPEN'::text, 'PAID'::text, 'CLOSED'::text])))
  constraint payments_total_check CHECK (((total > 0) AND (total <= '9007199254740991'::bigint)))
sequence payments.payments_id_seq from 1
table payments.replay_request
  id bigint not null generated always as identity
  held_message bigint not null
  requested_by text not null
  requested_at timestamp with time zone not null default comptoir.now()
  performed_at timestamp with time zone
  constraint replay_request_pkey PRIMARY KEY (id)
  CREATE INDEX replay_request_open ON payments.replay_request USING btree (id) WHERE (performed_at IS NULL)
sequence payments.replay_request_id_seq from 1
table payments.saga with (fillfactor=70)
  id uuid not null
  definition text not null
  style text not null
  subject text
  version integer not null default 1
  outcome text
  cause_step text
  reason text
  attention text
  began_at timestamp with time zone not null default comptoir.now()
  ended_at timestamp with time zone
  constraint saga_outcome_check CHECK ((outcome = ANY (ARRAY['completed'::text, 'cancelled'::text])))
  constraint saga_pkey PRIMARY KEY (id)
table payments.saga_open
  id uuid not null
  due timestamp with time zone
  paused bigint
  told text[]
  attention boolean not null default false
  constraint saga_open_pkey PRIMARY KEY (id)
  CREATE INDEX saga_open_due ON payments.saga_open USING btree (due)
  CREATE INDEX saga_open_stuck ON payments.saga_open USING btree (id) WHERE ((paused IS NOT NULL) OR attention)
table payments.started
  id text not null
  starts integer not null
  constraint started_pkey PRIMARY KEY (id)
table store."position" with (fillfactor=10)
  consumer text not null
  source text not null
  epoch integer not null default 0
  txid xid8 not null default '0'::xid8
  pos bigint not null default 0
  lease integer not null default 0
  clean boolean not null default true
  constraint position_pkey PRIMARY KEY (consumer, source)
CREATE OR REPLACE FUNCTION store.add_partition(parent text, day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'pg_temp' AS $function$ begin if parent is null or day is null or parent not in ('log', 'inbox') then raise 'there is no partition of % for %', parent, day using errcode = '22023'; end if; execute format('create table if not exists store.%I partition of store.%I for values from (%L) to (%L)', parent || to_char(day, '_YYYYMMDD'), parent, store.partition_bound(parent, day), store.partition_bound(parent, day + 1)); end $function$ 
table store.declaration
  id text not null
  name text not null
  version integer not null
  parts text not null
  first_used_at timestamp with time zone not null default comptoir.now()
  constraint declaration_pkey PRIMARY KEY (id)
CREATE OR REPLACE FUNCTION store.drop_partition(parent text, day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'pg_temp' AS $function$ begin if parent is null or day is null or parent not in ('log', 'inbox') then raise 'there is no partition of % for %', parent, day using errcode = '22023'; end if; execute format('drop table store.%I', parent || to_char(day, '_YYYYMMDD')); end $function$ 
table store.held_key
  key uuid not null
  since timestamp with time zone not null default comptoir.now()
  constraint held_key_pkey PRIMARY KEY (key)
table store.held_message
  id bigint not null generated always as identity
  key uuid not null
  state text not null
  due timestamp with time zone
  attempts integer not null default 0
  error text
  settled boolean not null default false
  attention boolean not null default false
  source text not null
  type text not null
  message_id uuid
  definition text
  body text not null
  created timestamp with time zone not null
  since timestamp with time zone not null default comptoir.now()
  constraint held_message_pkey PRIMARY KEY (id)
  constraint held_message_state_check CHECK ((state = ANY (ARRAY['retry'::text, 'parked'::text, 'dead'::text, 'unknown'::text, 'paused'::text])))
  CREATE INDEX held_message_dead ON store.held_message USING btree (id) WHERE (state = 'dead'::text)
  CREATE INDEX held_message_due ON store.held_message USING btree (due) WHERE (state = 'retry'::text)
  CREATE INDEX held_message_key ON store.held_message USING btree (key, id)
  CREATE INDEX held_message_paused ON store.held_message USING btree (key) WHERE (state = 'paused'::text)
  CREATE INDEX held_message_unknown ON store.held_message USING btree (definition) WHERE (state = 'unknown'::text)
sequence store.held_message_id_seq from 1
table store.idempotency_key
  scope text not null
  key text not null
  fingerprint text not null
  answer text not null
  created_at timestamp with time zone not null default comptoir.now()
  constraint idempotency_key_pkey PRIMARY KEY (scope, key)
  CREATE INDEX idempotency_key_age ON store.idempotency_key USING btree (created_at)
table store.inbox partition by RANGE (id)
  id uuid not null
  step text not null
  phase text not null
  outcome text not null
  data text
  result text
  reason text
  detail text
  at timestamp with time zone not null default comptoir.now()
  constraint inbox_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'failed'::text, 'refused'::text])))
  constraint inbox_phase_check CHECK ((phase = ANY (ARRAY['do'::text, 'undo'::text, 'event'::text])))
  constraint inbox_pkey PRIMARY KEY (id, step, phase)
table store.inbox_default partition DEFAULT
table store.lease with (fillfactor=10)
  name text not null
  holder text not null
  epoch bigint not null
  expires timestamp with time zone not null
  constraint lease_pkey PRIMARY KEY (name)
table store.log partition by RANGE (created)
  mailbox text not null
  epoch integer not null
  txid xid8 not null default pg_current_xact_id()
  pos bigint not null default nextval('store.log_pos'::regclass)
  key uuid not null
  type text not null
  id uuid
  definition text
  body text not null
  created timestamp with time zone not null default comptoir.now()
  constraint log_pkey PRIMARY KEY (mailbox, epoch, txid, pos, created)
table store.log_default partition DEFAULT
sequence store.log_pos from 1
table store.lost
  place text not null
  first bigint not null
  next bigint not null
  found timestamp with time zone not null default comptoir.now()
  republished timestamp with time zone
  constraint lost_check CHECK ((next > first))
  constraint lost_pkey PRIMARY KEY (place, first)
table store.member
  instance text not null
  since timestamp with time zone not null default comptoir.now()
  died timestamp with time zone
  constraint member_pkey PRIMARY KEY (instance)
table store.operator_act
  id bigint not null generated always as identity
  saga uuid not null
  act text not null
  reason text
  acted_by text not null
  at timestamp with time zone not null default comptoir.now()
  constraint operator_act_act_check CHECK ((act = ANY (ARRAY['pause'::text, 'resume'::text, 'retry'::text, 'cancel'::text])))
  constraint operator_act_pkey PRIMARY KEY (id)
  CREATE INDEX operator_act_saga ON store.operator_act USING btree (saga, id)
sequence store.operator_act_id_seq from 1
table store.order_expiry
  order_id bigint not null
  due timestamp with time zone not null
  constraint order_expiry_pkey PRIMARY KEY (order_id)
  CREATE INDEX order_expiry_due ON store.order_expiry USING btree (due)
table store.order_items
  order_id bigint not null
  line smallint not null
  product_id integer not null
  quantity integer not null
  unit_price bigint not null
  constraint order_items_pkey PRIMARY KEY (order_id, line)
  constraint order_items_quantity_check CHECK (((quantity > 0) AND (quantity <= 1000000000)))
  constraint order_items_unit_price_check CHECK ((unit_price > 0))
table store.orders with (fillfactor=70)
  id bigint not null generated always as identity
  saga_id uuid not null
  user_id integer not null
  total bigint not null
  status text not null
  reason text
  payment_id integer
  cancel_wish text
  cancel_saga_id uuid
  paid boolean not null default false
  version integer not null default 1
  created_at timestamp with time zone not null default comptoir.now()
  constraint orders_pkey PRIMARY KEY (id)
  constraint orders_status_check CHECK ((status = ANY (ARRAY['PENDING'::text, 'PLACED'::text, 'PAID'::text, 'CANCELLING'::text, 'CANCELLED'::text, 'EXPIRED'::text, 'NEEDS_ATTENTION'::text])))
  constraint orders_total_check CHECK (((total > 0) AND (total <= '9007199254740991'::bigint)))
sequence store.orders_id_seq from 1001
CREATE OR REPLACE FUNCTION store.partition_bound(parent text, day date) RETURNS text LANGUAGE sql STABLE SET search_path TO 'pg_catalog', 'pg_temp' AS $function$ select case parent when 'log' then (day::timestamp at time zone 'UTC')::text -- the first UUIDv7 of that day when 'inbox' then (lpad(to_hex((extract(epoch from day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid::text end $function$ 
table store.products
  id integer not null generated by default as identity
  name text not null
  sku text not null
  price bigint not null
  ordered boolean not null default false
  version integer not null default 1
  constraint products_pkey PRIMARY KEY (id)
  constraint products_price_check CHECK (((price > 0) AND (price <= '100000000000'::bigint)))
  constraint products_sku_key UNIQUE (sku)
sequence store.products_id_seq from 1
table store.replay_request
  id bigint not null generated always as identity
  held_message bigint not null
  requested_by text not null
  requested_at timestamp with time zone not null default comptoir.now()
  performed_at timestamp with time zone
  constraint replay_request_pkey PRIMARY KEY (id)
  CREATE INDEX replay_request_open ON store.replay_request USING btree (id) WHERE (performed_at IS NULL)
sequence store.replay_request_id_seq from 1
table store.saga with (fillfactor=70)
  id uuid not null
  definition text not null
  style text not null
  subject text
  version integer not null default 1
  outcome text
  cause_step text
  reason text
  attention text
  began_at timestamp with time zone not null default comptoir.now()
  ended_at timestamp with time zone
  constraint saga_outcome_check CHECK ((outcome = ANY (ARRAY['completed'::text, 'cancelled'::text])))
  constraint saga_pkey PRIMARY KEY (id)
table store.saga_open
  id uuid not null
  due timestamp with time zone
  paused bigint
  told text[]
  attention boolean not null default false
  constraint saga_open_pkey PRIMARY KEY (id)
  CREATE INDEX saga_open_due ON store.saga_open USING btree (due)
  CREATE INDEX saga_open_stuck ON store.saga_open USING btree (id) WHERE ((paused IS NOT NULL) OR attention)
table store.started
  id text not null
  starts integer not null
  constraint started_pkey PRIMARY KEY (id)
table store.stock_ledger
  order_id bigint
  product_id integer not null
  kind text not null
  delta bigint not null
  at timestamp with time zone not null default comptoir.now()
  constraint stock_ledger_kind_check CHECK ((kind = ANY (ARRAY['set'::text, 'adjusted'::text, 'reserved'::text, 'released'::text])))
  constraint stock_ledger_once UNIQUE (order_id, product_id, kind)
table store.stocks with (fillfactor=50)
  product_id integer not null
  quantity bigint not null
  version integer not null default 1
  constraint stocks_pkey PRIMARY KEY (product_id)
  constraint stocks_product_id_fkey FOREIGN KEY (product_id) REFERENCES store.products(id)
  constraint stocks_quantity_check CHECK ((quantity >= 0))
table store.users
  id integer not null generated by default as identity
  name text not null
  email text not null
  email_key text not null
  has_orders boolean not null default false
  version integer not null default 1
  constraint users_email_key UNIQUE (email_key)
  constraint users_pkey PRIMARY KEY (id)
sequence store.users_id_seq from 1
table store_view.counted
  order_id bigint not null
  constraint counted_pkey PRIMARY KEY (order_id)
table store_view.orders with (fillfactor=70)
  order_id bigint not null
  saga_id uuid not null
  user_id integer not null
  total bigint not null
  items text not null
  payment_id integer
  status text not null
  reason text
  created_at timestamp with time zone not null
  version integer not null
  constraint orders_pkey PRIMARY KEY (order_id)
table store_view.sold with (fillfactor=50)
  product_id integer not null
  quantity bigint not null
  constraint sold_pkey PRIMARY KEY (product_id)
  CREATE INDEX sold_best ON store_view.sold USING btree (quantity DESC, product_id)
table store_view.spending with (fillfactor=50)
  user_id integer not null
  total bigint not null
  constraint spending_pkey PRIMARY KEY (user_id)
  CREATE INDEX spending_highest ON store_view.spending USING btree (total DESC, user_id)
table store_view.stock with (fillfactor=50)
  product_id integer not null
  quantity bigint not null
  product_name text not null
  product_sku text not null
  product_unit_price bigint not null
  version integer not null
  constraint stock_pkey PRIMARY KEY (product_id)
