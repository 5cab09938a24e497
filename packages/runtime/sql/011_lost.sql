-- Messages to this service that a broker had deleted before they were handled: from offset `first` on, up to `next`. Kept until
-- long after they were published again, because the same gap is found at every start that comes before its next message.
create table {{schema}}.lost (
  -- the mailbox's topic and partition: `payments[3]`
  place text not null,
  first bigint not null,
  next bigint not null check (next > first),
  found timestamptz not null default comptoir.now(),
  republished timestamptz,
  primary key (place, first)
);
