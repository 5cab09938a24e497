-- The daily partitions of log and inbox, made and dropped by the owner of the tables for whoever may call this: the role that
-- serves owns no table. No name but these can come of it, and none is looked up on the caller's search_path.

create function {{schema}}.partition_bound(parent text, day date) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case parent
    when 'log' then (day::timestamp at time zone 'UTC')::text
    -- the first UUIDv7 of that day
    when 'inbox' then (lpad(to_hex((extract(epoch from day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid::text
  end
$$;

create function {{schema}}.add_partition(parent text, day date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if parent is null or day is null or parent not in ('log', 'inbox') then
    raise 'there is no partition of % for %', parent, day using errcode = '22023';
  end if;
  execute format('create table if not exists {{schema}}.%I partition of {{schema}}.%I for values from (%L) to (%L)',
    parent || to_char(day, '_YYYYMMDD'), parent, {{schema}}.partition_bound(parent, day), {{schema}}.partition_bound(parent, day + 1));
end $$;

create function {{schema}}.drop_partition(parent text, day date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if parent is null or day is null or parent not in ('log', 'inbox') then
    raise 'there is no partition of % for %', parent, day using errcode = '22023';
  end if;
  execute format('drop table {{schema}}.%I', parent || to_char(day, '_YYYYMMDD'));
end $$;

revoke all on function {{schema}}.add_partition(text, date), {{schema}}.drop_partition(text, date) from public;
