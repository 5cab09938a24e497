-- The declarations that code of this service has known, as they were: so that a later start can say what has changed.
create table {{schema}}.declaration (
  -- name/version/fingerprint
  id text primary key,
  name text not null,
  version int not null,
  -- JSON: what the fingerprint covers
  parts text not null,
  first_used_at timestamptz not null default comptoir.now()
);
-- Found every second, while newer code runs beside older.
create index held_message_unknown on {{schema}}.held_message (definition) where state = 'unknown';
