"""The command line of ./dev cluster."""
import argparse
import ipaddress
import json
import signal
import sys
import time

from . import table
from .cluster import Cluster
from .machine import Misnamed, Problem, wait_until
from .program import ADMIN
from .store import default_folder

DONE, NO, MISUSED, CANNOT = 0, 1, 2, 3
MOST = 16  # gateways, or workers: one machine carries no more with profit
ABOUT = """Starts a whole shop of many processes on this machine, from Debian's packages: Redis, a database, gateways
behind HAProxy, workers. Everything is in one folder; nothing runs on after `down`.

  ./dev cluster                          start it
  ./dev cluster status                   what runs where
  ./dev cluster kill NAME                kill -9: gateway-2, worker-1, redis-master, redis, postgres-primary, ...
  ./dev cluster stop NAME                SIGTERM, as for an upgrade
  ./dev cluster start NAME               bring one back
  ./dev cluster down                     end everything

Exit codes: 0 done, 1 something does not run (status), 2 wrong usage, 3 cannot.
"""


def number(least, most):
    """A whole number between these two."""
    def read(text):
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)
    return read


def address(text):
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address such as 127.0.0.1") from None


def of_the_shop(parser):
    """What a cluster is made of."""
    def option(name, default, what, **more):
        if parser.argument_default is not argparse.SUPPRESS:
            more["default"] = default
        parser.add_argument(name, help=f"{what} ({default})", **more)
    option("--redis", "sentinel", "a master with two replicas and three Sentinels, or a Redis Cluster of six",
           choices=("sentinel", "cluster"))
    option("--database", "postgresql", "a primary with a synchronous standby, or one server of MongoDB's protocol",
           choices=("postgresql", "mongodb"))
    option("--gateways", 3, "how many", type=number(1, MOST), metavar="N")
    option("--workers", 3, "how many; without any, orders wait", type=number(0, MOST), metavar="N")
    option("--host", "127.0.0.1", "address of the shop", type=address)
    option("--port", 3000, "port of the shop", type=number(1, 65535))


def arguments():
    parser = argparse.ArgumentParser(prog="./dev cluster", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=default_folder(), help="where everything is kept (%(default)s)")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    of_the_shop(parser)
    # What it is not told stays what was said before the verb.
    of_the_shop(verbs.add_parser("up", help="start it (what happens without a verb)", argument_default=argparse.SUPPRESS))
    status = verbs.add_parser("status", help="what runs where; exit code 1 when something does not")
    status.add_argument("--json", action="store_true")
    for verb, what in (("kill", "kill -9"), ("stop", "SIGTERM, and wait"), ("start", "bring one back")):
        verbs.add_parser(verb, help=what).add_argument("name", help="a member, a role or a kind: see status")
    verbs.add_parser("down", help="end everything")
    return parser.parse_args()


def tell(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def up(cluster, asked):
    cluster.up(redis=asked.redis, database=asked.database, host=asked.host, port=asked.port, gateways=asked.gateways,
               workers=asked.workers, tell=tell)
    print(table.text(cluster))
    print(f"\nThe shop: http://{asked.host}:{asked.port}/ (console: /admin), its folder: {cluster.store.folder}")
    print(f"Its administrator: {ADMIN}, password in {cluster.store.secret_file('admin')}")
    print(f"Try: ./dev cluster kill gateway-{asked.gateways} | kill redis-master | "
          f"{'kill postgres-primary | ' if asked.database == 'postgresql' else ''}status | down")


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
    except Misnamed as name:
        print(f"./dev cluster: {name}", file=sys.stderr)
        return MISUSED
    except (Problem, OSError) as problem:
        print(f"./dev cluster: {problem}", file=sys.stderr)
        return CANNOT
    except KeyboardInterrupt:
        return CANNOT


if __name__ == "__main__":
    sys.exit(main())
