#!/bin/sh
# A Redis server of a shop in a container: users.acl with the passwords of /run/secrets, then redis-server.
#   start.sh [further options of redis-server]
set -eu
here=$(dirname "$0")
secrets=${SECRETS:-/run/secrets}
data=${DATA:-/data}

digest() { tr -d '\n' <"$secrets/$1" | sha256sum | cut -d' ' -f1; }
cp "$here/users.acl" "$data/users.acl"
chmod 600 "$data/users.acl"
for user in scalemart:redis_shop scalemart-setup:redis_setup replica:redis_replica sentinel:redis_sentinel; do
  sed -i "s/^user ${user%%:*} off resetpass/user ${user%%:*} on #$(digest "${user#*:}")/" "$data/users.acl"
done
exec redis-server "$here/redis.conf" --dir "$data" --aclfile "$data/users.acl" --masteruser replica \
  --masterauth "$(tr -d '\n' <"$secrets/redis_replica")" --min-replicas-to-write 1 --min-replicas-max-lag 3 "$@"
