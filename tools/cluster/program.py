"""Gateways and workers: the program itself, with two settings that say where the shop is."""
import json
import os
import urllib.error
import urllib.request

from .machine import Problem, free_port, wait_until
from .member import Member
from .store import BINARY, write

ADMIN = "admin@shop.example"
READY_WITHIN = 60


def ready(address):
    """None when the gateway may sell, else what it says instead."""
    try:
        with urllib.request.urlopen(f"http://{address}/readyz", timeout=2) as answer:
            return None if answer.status == 200 else str(answer.status)
    except urllib.error.HTTPError as answer:
        try:
            return ", ".join(json.load(answer)["reasons"])
        except (ValueError, KeyError, TypeError):
            return str(answer.code)
    except OSError as why:
        return str(why)


class Program:
    def __init__(self, store, database, redis, *, hosts, wrappers, more):
        self.store, self.database, self.redis = store, database, redis
        self.hosts, self.wrappers, self.more = hosts, wrappers, more

    def shared(self):
        """What all processes of the shop have in common. Addresses hold passwords: they stand in files."""
        for name, url in (("database_url", self.database.url()), ("redis_url", self.redis.url())):
            write(self.store.secret_file(name), url + "\n")
        copies = "2" if self.store.of("postgresql") else "1"
        return {"SCALEMART_DATABASE_FILE": self.store.secret_file("database_url"),
                "SCALEMART_DATABASE_COPIES": copies,
                "SCALEMART_REDIS_FILE": self.store.secret_file("redis_url")}

    def of_gateway(self):
        return {"SCALEMART_JWT_SECRET_FILE": self.store.secret_file("jwt"),
                "SCALEMART_ADMIN_EMAIL": ADMIN,
                "SCALEMART_ADMIN_PASSWORD_FILE": self.store.secret_file("admin"),
                "SCALEMART_WORKERS": "0",
                "SCALEMART_DRAIN_DELAY": "3s",  # HAProxy looks twice a second, and twice
                "SCALEMART_TRUSTED_PROXIES": "127.0.0.0/8"}

    def set_up(self, gateways, workers):
        if not os.access(BINARY, os.X_OK):
            raise Problem(f"{BINARY} is not there: ./dev build")
        shared = self.shared()
        for i in range(gateways):
            name = f"gateway-{i + 1}"
            host = self.hosts.get(name, "127.0.0.1")
            port = free_port(host)
            self._add(name, "gateway", host, port, [BINARY, "serve"],
                      {**shared, **self.of_gateway(), "SCALEMART_LISTEN": f"{host}:{port}"})
        for i in range(workers):
            name = f"worker-{i + 1}"
            self._add(name, "worker", self.hosts.get(name, "127.0.0.1"), 0, [BINARY, "worker", "--name", name], shared)
        # The first one makes what is missing in the database.
        for member in self.store.of("gateway")[:1]:
            self.start(member)
        rest = self.store.of("gateway")[1:] + self.store.of("worker")
        for member in rest:
            member.launch()
        self.store.save()
        for member in rest:
            self.wait(member)

    def _add(self, name, kind, host, port, command, environment):
        folder = os.path.join(self.store.folder, name)
        os.makedirs(os.path.join(folder, "data"), mode=0o700, exist_ok=True)
        self.store.add(Member(name, kind, host, port, folder, command,
                              {**environment, "SCALEMART_DATA": os.path.join(folder, "data"), **self.more},
                              wrapper=self.wrappers.get(name, [])))

    def start(self, member):
        member.launch()
        self.store.save()
        self.wait(member)

    def wait(self, member):
        def is_up():
            if not member.is_alive():
                raise Problem(f"{member.name} ended: {member.last_line()}")
            return member.kind == "worker" or ready(member.address) is None
        wait_until(is_up, READY_WITHIN, lambda: f"{member.name} is ready: {ready(member.address)}; {member.last_words()}")
