"""A server of MongoDB's protocol: FerretDB over SQLite, as the tests use it (tests/servers/ferretdb_server.py). One, not three: it
shows that the shop runs on that protocol, not what a replica set survives."""
import os

from .machine import Problem, free_port, wait_until
from .member import Member
from .test_servers import MissingServer, ferretdb_program


class MongoServer:
    def __init__(self, store, hosts):
        self.store, self.hosts = store, hosts

    def set_up(self):
        try:
            program = ferretdb_program()
        except MissingServer as why:
            raise Problem(f"no server of MongoDB's protocol: {why}") from why
        host = self.hosts.get("mongodb-1", "127.0.0.1")
        port = free_port(host)
        folder = os.path.join(self.store.folder, "mongodb-1")
        server = self.store.add(Member("mongodb-1", "ferretdb", host, port, folder,
                                       [program, f"{host}:{port}", os.path.join(folder, "data")]))
        os.makedirs(os.path.join(folder, "data"), exist_ok=True)
        self.start(server)

    def start(self, server):
        before = server.last_words(10**6).count("ready")
        server.launch()
        self.store.save()

        def is_ready():
            if not server.is_alive():
                raise Problem(f"{server.name} ended: {server.last_words()}")
            return server.last_words(10**6).count("ready") > before
        wait_until(is_ready, 30, lambda: f"{server.name} is ready: {server.last_words()}")

    def role(self, server):
        return "primary" if server.is_alive() else ""

    def url(self):
        return f"mongodb://{self.store.members['mongodb-1'].address}/shop"
