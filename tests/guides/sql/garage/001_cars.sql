create table {{schema}}.cars (id int primary key, saga uuid);
insert into {{schema}}.cars (id) select * from generate_series(1, 5);
