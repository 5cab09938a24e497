-- What all instances must know alike and nobody else may: made at random by the first that asks.
create table comptoir.secret (
  name text primary key,
  value text not null
);
