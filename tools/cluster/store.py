"""The cluster's folder: who its members are, and its secrets. Everything a cluster has is in there."""
import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import stat
from dataclasses import asdict

from .machine import Problem
from .member import Member

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("SCALEMART_BINARY") or os.path.join(ROOT, "build", "scalemart")
SECRETS = ("admin", "jwt", "redis_shop", "redis_setup", "redis_replica", "redis_sentinel", "redis_operator",
           "postgres", "postgres_shop", "postgres_standby")


def default_folder():
    """build/cluster. For root, whose PostgreSQL runs as somebody else, a folder that everybody can reach: that one or, when
    the sources are in a private place, one of this project's below /var/tmp."""
    inside = os.path.join(ROOT, "build", "cluster")
    if os.getuid() != 0 or is_reachable(os.path.join(ROOT, "build")):
        return inside
    return "/var/tmp/scalemart-cluster-" + hashlib.sha256(ROOT.encode()).hexdigest()[:12]


def is_reachable(path):
    """Whether other users may go through all folders above, and this one."""
    path = os.path.realpath(path)
    while True:
        try:
            if not os.stat(path).st_mode & stat.S_IXOTH:
                return False
        except FileNotFoundError:
            pass  # will be made
        if path == "/":
            return True
        path = os.path.dirname(path)


def write(path, text, mode=0o600):
    """Whole or not at all."""
    new = path + ".new"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(new, mode)
    os.replace(new, path)


class Store:
    """cluster.json and secrets/ in one folder."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.members = {}
        self.settings = {}  # redis: sentinel or cluster; database: postgresql or mongodb; shop: its address

    @property
    def path(self):
        return os.path.join(self.folder, "cluster.json")

    def exists(self):
        return os.path.exists(self.path)

    def make(self):
        os.makedirs(self.folder, mode=0o755, exist_ok=True)
        os.makedirs(os.path.join(self.folder, "secrets"), mode=0o700, exist_ok=True)
        for name in SECRETS:
            write(self.secret_file(name), secrets.token_urlsafe(36) + "\n")

    def load(self):
        try:
            with open(self.path, encoding="utf-8") as file:
                content = json.load(file)
        except FileNotFoundError:
            raise Problem(f"no cluster in {self.folder}: start one with ./dev cluster") from None
        self.settings = content["settings"]
        self.members = {m["name"]: Member(**m) for m in content["members"]}
        return self

    def save(self):
        write(self.path, json.dumps({"settings": self.settings, "members": [asdict(m) for m in self.members.values()]},
                                    indent=1) + "\n")

    def secret_file(self, name):
        return os.path.join(self.folder, "secrets", name)

    def secret(self, name):
        with open(self.secret_file(name), encoding="ascii") as file:
            return file.read().strip()

    def of(self, kind):
        return [m for m in self.members.values() if m.kind == kind]

    def add(self, member):
        # Its alone: Redis and Sentinels write their files again, passwords and all, for everybody to read.
        os.makedirs(member.folder, mode=0o700, exist_ok=True)
        self.members[member.name] = member
        return member

    @contextlib.contextmanager
    def lock(self):
        """Of two commands, or a command and the supervisor, one changes the cluster."""
        os.makedirs(self.folder, mode=0o755, exist_ok=True)
        with open(os.path.join(self.folder, "lock"), "w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
