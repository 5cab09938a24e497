-- The instances that consume this service's mailbox of a broker together, by their application_name.
create table {{schema}}.member (
  instance text primary key,
  since timestamptz not null default comptoir.now(),
  -- when its connections were found gone, or its name taken again, without its having left
  died timestamptz
);
