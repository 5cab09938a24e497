-- Of all instances, who does a piece of work just now (a consumer, a relay, the upkeep). A held row in the past is free.
create table {{schema}}.lease (
  name text primary key,
  -- the application_name of the holder's connections; empty when it was given back
  holder text not null,
  -- raised by each new holder
  epoch bigint not null,
  expires timestamptz not null
) with (fillfactor = 10);
