"""Redis: a master, two replicas and three Sentinels; or a Redis Cluster of three masters with a replica each."""
import hashlib
import os
import shutil
import subprocess

from .machine import Problem, free_port, wait_until
from .member import Member
from .resp import RedisError, fields, say
from .store import BINARY, ROOT, write

MASTER = "shop"  # what the Sentinels call it
SLOTS = 16384
ACL = os.path.join(ROOT, "deploy", "redis", "users.acl")
SERVER_CONF = os.path.join(ROOT, "deploy", "redis", "redis.conf")
SENTINEL_CONF = os.path.join(ROOT, "deploy", "redis", "sentinel.conf")
USERS = {"scalemart": "redis_shop", "scalemart-setup": "redis_setup", "replica": "redis_replica",
         "sentinel": "redis_sentinel"}


def acl(store):
    """The shop's users with passwords of this cluster, and one for whoever operates it."""
    def on(secret):
        return "on #" + hashlib.sha256(store.secret(secret).encode()).hexdigest()
    with open(ACL, encoding="ascii") as file:
        text = file.read()
    for user, secret in USERS.items():
        before = f"user {user} off resetpass"
        if before not in text:
            raise Problem(f"{ACL} has no user {user} to switch on")
        text = text.replace(before, f"user {user} {on(secret)}")
    return text + f"user operator {on('redis_operator')} ~* &* +@all\n"


class RedisServers:
    def __init__(self, store, hosts, wrappers, options=()):
        self.store, self.hosts, self.wrappers, self.options = store, hosts, wrappers, list(options)

    @property
    def is_cluster(self):
        return self.store.settings["redis"] == "cluster"

    @property
    def servers(self):
        return self.store.of("redis")

    def _add(self, name, kind, words):
        host = self.hosts.get(name, "127.0.0.1")
        folder = os.path.join(self.store.folder, name)
        command = ["redis-server", os.path.join(folder, f"{kind}.conf"), *words]
        return self.store.add(Member(name, kind, host, free_port(host), folder, command, wrapper=self.wrappers.get(name, [])))

    # --- once ---
    def set_up(self):
        """Starts them all and makes one fleet of them."""
        for i in range(6 if self.is_cluster else 3):
            server = self._add(f"redis-{i + 1}", "redis", [])
            server.bus = free_port(server.host)
        master = self.servers[0]
        for server in self.servers:
            self.configure(server, None if self.is_cluster or server is master else master)
            self.launch(server)
        if self.is_cluster:
            self._join_cluster()
        else:
            for server in self.servers[1:]:
                wait_until(lambda s=server: self.info(s).get("master_link_status") == "up", 20, f"{server.name} finds its master")
        self.load_library()
        if not self.is_cluster:
            self._set_up_sentinels(master)

    def configure(self, server, master):
        lines = [f"include {SERVER_CONF}", f"bind {server.host}", f"port {server.port}", f"dir {server.folder}",
                 f"aclfile {server.folder}/users.acl", "masteruser replica",
                 f"masterauth {self.store.secret('redis_replica')}"]
        if self.is_cluster:
            lines += ["cluster-enabled yes", "cluster-node-timeout 2000", f"cluster-port {server.bus}",
                      f"cluster-announce-ip {server.host}"]
        else:
            # A master that was cut off from both replicas says so, and gateways look for the new one.
            lines += ["min-replicas-to-write 1", "min-replicas-max-lag 3"]
            if master:
                lines.append(f"replicaof {master.host} {master.port}")
        write(os.path.join(server.folder, "users.acl"), acl(self.store))
        write(os.path.join(server.folder, "redis.conf"), "\n".join(lines + self.options) + "\n")

    def launch(self, server):
        server.launch()
        self.store.save()
        wait_until(lambda: self._answers(server), 20, lambda: f"{server.name} answers: {server.last_words()}")

    def _answers(self, server):
        if not server.is_alive():
            raise Problem(f"{server.name} ended: {server.last_words()}")
        try:
            return self.say(server, "PING") == "PONG"
        except RedisError:
            return False

    def load_library(self):
        """As the user that may do nothing else."""
        done = subprocess.run([BINARY, "redis", "functions"], capture_output=True, check=False)
        if done.returncode != 0:
            raise Problem(f"{BINARY} redis functions: {done.stderr.decode().strip()}")
        login = ("scalemart-setup", self.store.secret("redis_setup"))
        for server in self.servers:
            if self.info(server).get("role") == "master":
                say(server.host, server.port, "FUNCTION", "LOAD", "REPLACE", done.stdout, login=login)

    def _set_up_sentinels(self, master):
        with open(SENTINEL_CONF, encoding="ascii") as file:
            common = file.read()
        for i in range(3):
            sentinel = self._add(f"sentinel-{i + 1}", "sentinel", ["--sentinel"])
            lines = [f"bind {sentinel.host}", f"port {sentinel.port}", f"dir {sentinel.folder}", "protected-mode no",
                     f"sentinel monitor {MASTER} {master.host} {master.port} 2", f"sentinel auth-user {MASTER} sentinel",
                     f"sentinel auth-pass {MASTER} {self.store.secret('redis_sentinel')}", common]
            write(os.path.join(sentinel.folder, "sentinel.conf"), "\n".join(lines))
            sentinel.launch()
            self.store.save()
        for sentinel in self.store.of("sentinel"):
            wait_until(lambda s=sentinel: self._knows_all(s), 20, lambda s=sentinel: f"{s.name} knows the others: {s.last_words()}")

    def _knows_all(self, sentinel):
        try:
            seen = fields(say(sentinel.host, sentinel.port, "INFO", "sentinel")).get("master0", "")
        except RedisError:
            return False
        return "status=ok" in seen and "slaves=2,sentinels=3" in seen

    def _join_cluster(self):
        masters, replicas = self.servers[:3], self.servers[3:]
        for i, node in enumerate(masters):
            self.say(node, "CLUSTER", "ADDSLOTSRANGE", SLOTS * i // 3, SLOTS * (i + 1) // 3 - 1)
            self.say(node, "CLUSTER", "SET-CONFIG-EPOCH", i + 1)
        for node in self.servers[1:]:
            self.say(masters[0], "CLUSTER", "MEET", node.host, node.port, node.bus)
        ids = [self.say(node, "CLUSTER", "MYID") for node in masters]
        for node in self.servers:
            wait_until(lambda n=node: self._knows_nodes(n), 20, f"{node.name} knows the cluster")
        for replica, master in zip(replicas, ids):
            self.say(replica, "CLUSTER", "REPLICATE", master)
        for node in self.servers:
            wait_until(lambda n=node: fields(self.say(n, "CLUSTER", "INFO"))["cluster_state"] == "ok", 20, f"{node.name} is ready")
        for node in replicas:
            wait_until(lambda n=node: self.info(n).get("master_link_status") == "up", 20, f"{node.name} finds its master")

    def _knows_nodes(self, node):
        lines = self.say(node, "CLUSTER", "NODES").splitlines()
        return len(lines) == len(self.servers) and not any(w in line for line in lines for w in ("handshake", "disconnected"))

    # --- afterwards ---
    def start(self, server):
        """One that was there before. Who is the master meanwhile, the Sentinels know; nodes of a cluster tell each other."""
        if server.kind == "sentinel" or self.is_cluster:
            server.launch()
            self.store.save()
            if server.kind == "redis":
                wait_until(lambda: self._answers(server), 20, f"{server.name} answers")
            return
        master = self.master()
        self.configure(server, None if master is server else master)
        self.launch(server)

    def forget(self, server):
        """As if its disk were new. It does not run."""
        for name in ("appendonlydir", "dump.rdb", "nodes.conf"):
            path = os.path.join(server.folder, name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)

    def say(self, server, *command):
        return say(server.host, server.port, *command, login=("operator", self.store.secret("redis_operator")))

    def info(self, server):
        """INFO replication; empty when it does not answer."""
        try:
            return fields(self.say(server, "INFO", "replication"))
        except RedisError:
            return {}

    def master(self):
        """The one that the Sentinels send everybody to; in a cluster the first that is one."""
        if self.is_cluster:
            found = [s for s in self.servers if s.is_alive() and self.info(s).get("role") == "master"]
            if not found:
                raise Problem("no master of the cluster answers")
            return found[0]
        for sentinel in self.store.of("sentinel"):
            try:
                host, port = say(sentinel.host, sentinel.port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER, patience=1)
            except (RedisError, TypeError):
                continue
            for server in self.servers:
                if (server.host, server.port) == (host, int(port)):
                    return server
        raise Problem("no Sentinel answers")

    def url(self):
        """For the program: the shop's user, who may call the functions and nothing else."""
        places = ",".join(m.address for m in (self.servers if self.is_cluster else self.store.of("sentinel")))
        login = f"scalemart:{self.store.secret('redis_shop')}@"
        return f"redis+cluster://{login}{places}" if self.is_cluster else f"redis+sentinel://{login}{places}/{MASTER}"
