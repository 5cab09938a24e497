create table {{schema}}.charges (saga uuid not null, driver text not null);
