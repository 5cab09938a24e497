#!/bin/sh
# A database for each service, with a user who owns it and no other. PostgreSQL's image runs this once, on an empty server.
# STORE_PASSWORD and PAYMENTS_PASSWORD: the users' passwords.
set -eu
: "${STORE_PASSWORD:?}" "${PAYMENTS_PASSWORD:?}"

# psql reads the passwords from the environment, so that no list of processes shows them.
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv store_password STORE_PASSWORD
\getenv payments_password PAYMENTS_PASSWORD
create role store login password :'store_password';
create role payments login password :'payments_password';
create database store owner store;
create database payments owner payments;
revoke connect on database store, payments from public;
SQL
