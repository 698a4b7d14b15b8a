"""The command line of ./dev cluster."""
import argparse
import json
import signal
import sys
import time

from . import table
from .cluster import Cluster
from .machine import Problem, wait_until
from .program import ADMIN
from .store import default_folder

DONE, NO, CANNOT = 0, 1, 3
ABOUT = """Starts a whole shop of many processes on this machine, from Debian's packages: Redis, a database, three gateways
behind HAProxy, three workers. Everything is in one folder; nothing runs on after `down`.

  ./dev cluster                          start it
  ./dev cluster status                   what runs where
  ./dev cluster kill NAME                kill -9: gateway-2, worker-1, redis-master, redis, postgres-primary, ...
  ./dev cluster stop NAME                SIGTERM, as for an upgrade
  ./dev cluster start NAME               bring one back
  ./dev cluster down                     end everything
"""


def arguments():
    parser = argparse.ArgumentParser(prog="./dev cluster", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=default_folder(), help="where everything is kept (%(default)s)")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    up = verbs.add_parser("up", help="start it (what happens without a verb)")
    for target in (parser, up):
        target.add_argument("--redis", choices=("sentinel", "cluster"), default="sentinel",
                            help="a master with two replicas and three Sentinels, or a Redis Cluster of six")
        target.add_argument("--database", choices=("postgresql", "mongodb"), default="postgresql",
                            help="a primary with a synchronous standby, or one server of MongoDB's protocol")
        target.add_argument("--host", default="127.0.0.1", help="address of the shop (%(default)s)")
        target.add_argument("--port", type=int, default=3000, help="port of the shop (%(default)s)")
    status = verbs.add_parser("status", help="what runs where; exit code 1 when something does not")
    status.add_argument("--json", action="store_true")
    for verb, what in (("kill", "kill -9"), ("stop", "SIGTERM, and wait"), ("start", "bring one back")):
        verbs.add_parser(verb, help=what).add_argument("name", help="a member, a role or a kind: see status")
    verbs.add_parser("down", help="end everything")
    return parser.parse_args()


def tell(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def up(cluster, asked):
    cluster.up(redis=asked.redis, database=asked.database, host=asked.host, port=asked.port, tell=tell)
    print(table.text(cluster))
    print(f"\nThe shop: http://{asked.host}:{asked.port}/ (console: /admin), its folder: {cluster.store.folder}")
    print(f"Its administrator: {ADMIN}, password in {cluster.store.secret_file('admin')}")
    print("Try: ./dev cluster kill gateway-2 | kill redis-master | kill postgres-primary | status | down")


def kill(cluster, name):
    roles = {member.name: row["is"] for member, row in zip(cluster.store.members.values(), table.rows(cluster))}
    began = time.monotonic()
    hit = cluster.kill(name)
    if not hit:
        raise Problem(f"{name} does not run")
    print(f"killed {', '.join(member.name for member in hit)}")
    for member in hit:
        if member.kind == "redis" and roles[member.name] == "master" and len(hit) == 1:
            wait_until(lambda: _other_master(cluster, member), 30, "the Sentinels have found another master")
            print(f"{_other_master(cluster, member).name} is the master, after {time.monotonic() - began:.1f} s")
        if member.kind == "postgresql" and member is hit[-1]:
            _after_postgres(cluster, member, len(hit), began)


def _other_master(cluster, dead):
    try:
        masters = [m for m in cluster.redis.servers if m is not dead and cluster.redis.info(m).get("role") == "master"]
        if cluster.redis.is_cluster:
            return masters[-1] if len(masters) == 3 else None
        return next((m for m in masters if m is cluster.redis.master()), None)
    except Problem:
        return None


def _after_postgres(cluster, dead, killed, began):
    if killed > 1:
        print("both are dead: nobody can be promoted. Start them again with ./dev cluster start postgres")
    elif cluster.database.primary() is not dead:
        print("the primary has no second copy now, so it acknowledges nothing: no buy is answered with yes until "
              f"./dev cluster start {dead.name}")
    elif not cluster.store.members["supervisor"].is_alive():
        print("the supervisor does not run, so nobody promotes the standby")
    else:
        wait_until(lambda: cluster.database.primary() is not dead, 30,
                   lambda: "the supervisor has promoted the standby; see " + cluster.store.members["supervisor"].log)
        print(f"the supervisor has promoted {cluster.database.primary().name}, after {time.monotonic() - began:.1f} s; "
              f"./dev cluster start {dead.name} makes the old one its standby")


def status(cluster, as_json):
    rows = table.rows(cluster)
    print(json.dumps(rows) if as_json else table.text(cluster))
    return DONE if all(row["pid"] for row in rows) else NO


def run(asked):
    cluster = Cluster(asked.folder)
    verb = asked.verb or "up"
    if verb == "up":
        up(cluster, asked)
        return DONE
    cluster.load()
    if verb == "status":
        return status(cluster, asked.json)
    if verb == "kill":
        kill(cluster, asked.name)
    elif verb == "down":
        cluster.down()
        print(f"everything has ended; logs are in {cluster.store.folder}")
    else:
        done = (cluster.start if verb == "start" else cluster.stop)(asked.name)
        print(f"{'started' if verb == 'start' else 'stopped'} {', '.join(m.name for m in done) or 'nothing'}")
    return DONE


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(CANNOT))  # as Ctrl-C: what was started is ended
    try:
        return run(arguments())
    except (Problem, OSError) as problem:
        print(f"./dev cluster: {problem}", file=sys.stderr)
        return CANNOT
    except KeyboardInterrupt:
        return CANNOT


if __name__ == "__main__":
    sys.exit(main())
