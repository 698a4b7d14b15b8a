"""Clusters for tests: in a folder of their own, on free ports, ended with the test."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tools"))

# pylint: disable=wrong-import-position
from cluster import balancer  # noqa: E402
from cluster.cluster import Cluster  # noqa: E402
from cluster.machine import Problem, free_port, wait_until  # noqa: E402, F401
from cluster.test_servers import postgresql_programs  # noqa: E402

SKIPPED = 77


def need(*what):
    """Ends the program, loudly, when something is not on this machine: redis, postgresql, haproxy, namespaces."""
    missing = [name for name in what if not _HAS[name]()]
    if not missing:
        return
    print(f"SKIPPED: without {', '.join(missing)} there is nothing to test", file=sys.stderr)
    sys.exit(1 if os.environ.get("SCALEMART_REQUIRE_ALL") == "1" else SKIPPED)


def _has_haproxy():
    try:
        return bool(balancer.program())
    except Problem:
        return False


def _has_namespaces():
    """Root, and iproute2."""
    if os.getuid() != 0 or not shutil.which("ip"):
        return False
    name = f"scalemart-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
    return made


_HAS = {"namespaces": _has_namespaces, "redis": lambda: bool(shutil.which("redis-server")), "postgresql": lambda: bool(postgresql_programs()),
        "haproxy": _has_haproxy}


class ClusterTest(unittest.TestCase):
    longMessage = True

    def folder(self):
        path = tempfile.mkdtemp(prefix="scalemart-cluster-")
        os.chmod(path, 0o755)  # PostgreSQL is somebody else
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return path

    def cluster(self, *, hosts=None, wrappers=None, more=None, redis_options=(), **up):
        cluster = Cluster(self.folder(), hosts, wrappers, more, redis_options)
        cluster.up(port=free_port(), **up)
        self.addCleanup(cluster.down)
        return cluster

    def eventually(self, condition, patience=20, what=""):
        return wait_until(condition, patience, what or "it is so")


def standing(up=None, **more):
    """A cluster for all tests of a class, and how it ends. `up` says what it is made of."""
    folder = tempfile.mkdtemp(prefix="scalemart-cluster-")
    os.chmod(folder, 0o755)
    cluster = Cluster(folder, **more)

    def close():
        cluster.down()
        shutil.rmtree(folder, ignore_errors=True)
    try:
        cluster.up(port=free_port(), **(up or {}))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return cluster, close


def main():
    unittest.main(verbosity=2)
