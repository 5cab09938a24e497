-- Once per database: the clock that every statement takes time from, and the identity of the server that wrote the logs.
create function comptoir.now() returns timestamptz language sql stable
  return coalesce(nullif(current_setting('comptoir.now', true), '')::timestamptz, now());

create table comptoir.epoch (
  single boolean primary key default true check (single),
  epoch int not null,
  system_identifier text not null,
  timeline int not null
);
