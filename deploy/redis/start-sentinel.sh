#!/bin/sh
# A Sentinel in a container: knows the master by the name of its service.
#   start-sentinel.sh MASTER
set -eu
here=$(dirname "$0")
secrets=${SECRETS:-/run/secrets}
data=${DATA:-/data}

# A Sentinel writes into its file what it learns: only the first start makes it.
if [ ! -f "$data/sentinel.conf" ]; then
  {
    echo "dir $data"
    echo "protected-mode no"
    echo "sentinel resolve-hostnames yes"
    echo "sentinel announce-hostnames yes"
    echo "sentinel monitor shop $1 ${PORT:-6379} 2"
    echo "sentinel auth-user shop sentinel"
    echo "sentinel auth-pass shop $(tr -d '\n' <"$secrets/redis_sentinel")"
    cat "$here/sentinel.conf"
  } >"$data/sentinel.conf"
  chmod 600 "$data/sentinel.conf"
fi
exec redis-server "$data/sentinel.conf" --sentinel
