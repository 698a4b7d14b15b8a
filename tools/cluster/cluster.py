"""The whole: starts all parts in order, ends them in the opposite one, finds members by name or by role."""
import os
import shutil
import signal
import sys

from .balancer import Balancer
from .machine import Misnamed, Problem
from .member import Member
from .mongo_server import MongoServer
from .postgres_servers import PostgresServers
from .program import Program
from .redis_servers import RedisServers
from .store import ROOT, Store

# In the order in which they are ended.
KINDS = ("supervisor", "haproxy", "gateway", "worker", "sentinel", "redis", "ferretdb", "postgresql")
GROUPS = {"redis": "redis", "sentinels": "sentinel", "gateways": "gateway", "workers": "worker", "postgres": "postgresql"}


class Cluster:
    """`hosts` and `wrappers` put members by their names at other addresses, behind another command; `more` are settings
    of all gateways and workers; `redis_options` are lines of redis.conf. Tests use them."""

    def __init__(self, folder, hosts=None, wrappers=None, more=None, redis_options=()):
        self.store = Store(folder)
        self.hosts, self.wrappers, self.more = hosts or {}, wrappers or {}, more or {}
        self.redis_options = redis_options
        self.redis = self.database = self.balancer = self.program = None

    def _compose(self):
        settings = self.store.settings
        self.redis = RedisServers(self.store, self.hosts, self.wrappers, self.redis_options)
        self.database = (MongoServer if settings["database"] == "mongodb" else PostgresServers)(self.store, self.hosts)
        self.program = Program(self.store, self.database, self.redis, hosts=self.hosts, wrappers=self.wrappers, more=self.more)
        self.balancer = Balancer(self.store, settings["host"], settings["port"])

    def load(self):
        self.store.load()
        self._adopt()
        self._compose()
        return self

    def _adopt(self):
        for member in self.store.members.values():
            member.adopt()

    # --- the whole ---
    def up(self, *, redis="sentinel", database="postgresql", host="127.0.0.1", port=3000, gateways=3, workers=3,
           tell=lambda text: None):
        """`gateways` 0: servers alone."""
        with self.store.lock():
            if self.store.exists() and any(m.is_alive() for m in self.load().store.members.values()):
                raise Problem(f"a cluster runs in {self.store.folder}: ./dev cluster status, or ./dev cluster down")
            if gateways:
                Balancer(self.store, host, port).insist_on_port()
            self._clear()
            self.store.make()
            self.store.settings = {"redis": redis, "database": database, "host": host, "port": port}
            self._compose()
            self.store.save()
            try:
                tell(f"starting Redis ({redis})")
                self.redis.set_up()
                tell(f"starting the database ({database})")
                self.database.set_up()
                if database == "postgresql":
                    self._start_supervisor()
                if gateways:
                    tell(f"starting {gateways} gateways and {workers} workers")
                    self.program.set_up(gateways, workers)
                    tell("starting HAProxy")
                    self.balancer.set_up()
            except BaseException:
                self._end_all()
                raise

    def _clear(self):
        """What an earlier cluster left; nothing else that may be in the folder."""
        for name in self.store.members:
            shutil.rmtree(os.path.join(self.store.folder, name), ignore_errors=True)
        self.store.members.clear()
        if os.path.exists(os.path.join(self.store.folder, "pair.json")):
            os.unlink(os.path.join(self.store.folder, "pair.json"))

    def _start_supervisor(self):
        folder = os.path.join(self.store.folder, "supervisor")
        command = [sys.executable, "-m", "cluster.supervisor", self.store.folder]
        member = self.store.add(Member("supervisor", "supervisor", "", 0, folder, command,
                                       {"PYTHONPATH": os.path.join(ROOT, "tools"), "PYTHONDONTWRITEBYTECODE": "1"}))
        member.launch()
        self.store.save()

    def down(self):
        """Ends everything; the folder stays, for its logs."""
        with self.store.lock():
            self._end_all()

    def _end_all(self):
        self._adopt()  # one may have been started and not written down
        for kind in KINDS:
            members = self.store.of(kind)
            if kind == "postgresql" and len(members) == 2 and os.path.exists(os.path.join(self.store.folder, "pair.json")):
                members.sort(key=lambda m: m is not self.database.primary())  # it may wait for its standby
            for member in members:
                if kind in ("gateway", "worker"):
                    member.signal(member.stop_signal)  # all at once: they drain
            for member in members:
                member.stop(8 if kind == "gateway" else 20)
        self.store.save()

    # --- members ---
    def find(self, name):
        """Members by name (gateway-2), role (redis-master) or kind (gateways)."""
        if name in self.store.members:
            return [self.store.members[name]]
        if name == "redis-master":
            return [self.redis.master()]
        if name in ("postgres-primary", "postgres-standby") and self.store.of("postgresql"):
            return [self.database.primary() if name == "postgres-primary" else self.database.standby()]
        if name in GROUPS and self.store.of(GROUPS[name]):
            return self.store.of(GROUPS[name])
        known = [*self.store.members, "redis-master", "redis"]
        known += ["postgres-primary", "postgres-standby"] if self.store.of("postgresql") else []
        raise Misnamed(f"nobody here is called {name}; there are: {', '.join(known)}")

    def kill(self, name):
        """kill -9; those that it hit."""
        hit = [m for m in self.find(name) if m.is_alive()]
        for member in hit[1:]:
            member.signal(signal.SIGKILL)  # all in the same moment
        for member in hit:
            member.kill()
        return hit

    def start(self, name):
        """Brings back what was killed or stopped; those that it started."""
        with self.store.lock():
            self.store.load()
            down = [m for m in self.find(name) if not m.is_alive()]
            if len(down) > 1 and down[0].kind in ("redis", "postgresql"):
                master = self._leader(down[0].kind)
                down.sort(key=lambda m: m is not master)  # the others need it
            for member in down:
                self._start(member)
            return down

    def _leader(self, kind):
        return self.database.primary() if kind == "postgresql" else None if self.redis.is_cluster else self.redis.master()

    def _start(self, member):
        if member.kind in ("redis", "sentinel"):
            self.redis.start(member)
        elif member.kind in ("postgresql", "ferretdb"):
            self.database.start(member)
        elif member.kind == "haproxy":
            self.balancer.start()
        elif member.kind == "supervisor":
            member.launch()
            self.store.save()
        else:
            self.program.start(member)

    def stop(self, name):
        """SIGTERM, and waits for the end."""
        hit = [m for m in self.find(name) if m.is_alive()]
        for member in hit:
            member.stop(60)
        return hit
