-- What operators did to the sagas that this service keeps: the audit of it.
create table {{schema}}.operator_act (
  id bigint generated always as identity primary key,
  saga uuid not null,
  act text not null check (act in ('pause', 'resume', 'retry', 'cancel')),
  -- in their words
  reason text,
  acted_by text not null,
  at timestamptz not null default comptoir.now()
);
create index operator_act_saga on {{schema}}.operator_act (saga, id);

-- Why an open saga may not go on by itself; gone with the row, in the transaction that ends the saga. paused: the act that did
-- it; told: the mailboxes that were told, and are told of the end; attention: saga.attention says why a person is needed.
alter table {{schema}}.saga_open
  add column paused bigint,
  add column told text[],
  add column attention boolean not null default false;
update {{schema}}.saga_open as o set attention = true from {{schema}}.saga as s where s.id = o.id and s.attention is not null;
create index saga_open_stuck on {{schema}}.saga_open (id) where paused is not null or attention;

-- A key whose saga is paused: this message stands before all that wait.
alter table {{schema}}.held_message
  drop constraint held_message_state_check,
  add constraint held_message_state_check check (state in ('retry', 'parked', 'dead', 'unknown', 'paused'));
create index held_message_paused on {{schema}}.held_message (key) where state = 'paused';
