#!/bin/sh
# The standby in a container: copies the primary when its folder is empty, then follows it.
#   start-standby.sh PRIMARY NAME [options of postgres]
set -eu
secrets=${SECRETS:-/run/secrets}
primary=$1 name=$2
shift 2
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  until PGPASSWORD=$(tr -d '\n' <"$secrets/postgres_standby") pg_basebackup -D "$PGDATA" -c fast -R -X stream \
      -d "host=$primary port=${PORT:-5432} user=standby application_name=$name"; do
    echo "waiting for $primary" >&2
    sleep 1
  done
  chmod 700 "$PGDATA"
fi
exec postgres "$@"
