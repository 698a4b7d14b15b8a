#!/bin/sh
# Runs once in the first PostgreSQL container (docker-entrypoint-initdb.d): the shop's user and database, and the standby's user.
set -eu
secrets=${SECRETS:-/run/secrets}
secret() { tr -d '\n' <"$secrets/$1"; }
psql -v ON_ERROR_STOP=1 -U postgres -d postgres \
  -v shop="$(secret postgres_shop)" -v standby="$(secret postgres_standby)" <<'SQL'
CREATE ROLE shop LOGIN PASSWORD :'shop';
GRANT pg_monitor TO shop;
CREATE ROLE standby LOGIN REPLICATION PASSWORD :'standby';
CREATE DATABASE shop OWNER shop;
SQL
echo "host replication standby samenet scram-sha-256" >>"$PGDATA/pg_hba.conf"
