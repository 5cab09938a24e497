#!/bin/sh
# A database for each service, with a user who owns it and no other. PostgreSQL's image runs this once, on an empty server.
# STORE_PASSWORD, PAYMENTS_PASSWORD and ORCHESTRATOR_PASSWORD: the users' passwords.
set -eu
: "${STORE_PASSWORD:?}" "${PAYMENTS_PASSWORD:?}" "${ORCHESTRATOR_PASSWORD:?}"

# psql reads the passwords from the environment, so that no list of processes shows them.
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv store_password STORE_PASSWORD
\getenv payments_password PAYMENTS_PASSWORD
\getenv orchestrator_password ORCHESTRATOR_PASSWORD
create role store login password :'store_password';
create role payments login password :'payments_password';
create role orchestrator login password :'orchestrator_password';
create database store owner store;
create database payments owner payments;
create database orchestrator owner orchestrator;
revoke connect on database store, payments, orchestrator from public;
SQL
