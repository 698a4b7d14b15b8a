#!/bin/sh
# Makes what deploy/compose.yaml keeps secret: one file each in deploy/secrets, which only their owner can reach.
# Those that are there already stay.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets
word() { od -An -N27 -tx1 /dev/urandom | tr -d ' \n'; }
make() { # make NAME TEXT
  [ -s "secrets/$1" ] || printf '%s\n' "$2" >"secrets/$1"
  chmod 444 "secrets/$1" # containers, which get them one by one, run as users of their own
}
for name in admin jwt redis_shop redis_setup redis_replica redis_sentinel postgres postgres_shop postgres_standby; do
  make "$name" "$(word)"
done
make database_url "postgresql://shop:$(cat secrets/postgres_shop)@postgres-1,postgres-2/shop?target_session_attrs=read-write&connect_timeout=2"
make redis_url "redis+sentinel://scalemart:$(cat secrets/redis_shop)@sentinel-1:26379,sentinel-2:26379,sentinel-3:26379/shop"
echo "secrets are in $(pwd)/secrets; the administrator is admin@shop.example, the password is in secrets/admin"
