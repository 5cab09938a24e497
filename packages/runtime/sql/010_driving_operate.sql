-- paused: no step is begun. withheld: the awaited command is one that was therefore not sent, or is not called any more; its
-- due is null. attempts, error: how often a call that must succeed was answered with an error, and the last one; attention: so
-- often that a person is needed, and it is not called again before somebody asks for it.
alter table {{schema}}.driving
  add column paused boolean not null default false,
  add column withheld boolean not null default false,
  add column attempts int not null default 0,
  add column error text,
  add column attention boolean not null default false;
