-- What the steps of a trip leave: a second effect would be seen.
create table {{schema}}.effect (n int generated always as identity, saga uuid not null, name text not null);
