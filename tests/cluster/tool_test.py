"""./dev cluster as somebody meets it at a terminal: its table, its exit codes, and what is left when it dies."""
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import unittest

import fleet
from cluster.cluster import Cluster
from cluster.machine import birth, free_port, processes_in
from fleet import ClusterTest

fleet.need("redis", "postgresql", "haproxy")

DONE, NO, MISUSED, CANNOT = 0, 1, 2, 3


class ToolTest(ClusterTest):
    def setUp(self):
        self.place, self.port = self.folder(), free_port()
        self.addCleanup(self.tool, "down")

    def command(self, *words):
        return [sys.executable, "-m", "cluster", "--folder", self.place, *words]

    def tool(self, *words):
        return subprocess.run(self.command(*words), cwd=os.path.join(fleet.ROOT, "tools"), text=True, capture_output=True,
                              check=False, timeout=150)

    def says(self, code, pattern, *words):
        """One clear line, and this exit code."""
        done = self.tool(*words)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        last = done.stderr.strip().splitlines()[-1]
        self.assertTrue(last.startswith("./dev cluster"), last)
        self.assertRegex(last, pattern)
        self.assertNotIn("Traceback", done.stderr)

    def does(self, pattern, *words, code=DONE):
        done = self.tool(*words)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        self.assertRegex(done.stdout, pattern)

    def rows(self, code=DONE):
        done = self.tool("status", "--json")
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return {row["name"]: row for row in json.loads(done.stdout)}

    def running(self):
        """Everything that runs in the cluster's folder, written down or not."""
        return [pid for place, _, _ in os.walk(self.place) for pid in processes_in(place)]


class Misuse(ToolTest):
    def test_what_is_not_understood_is_said(self):
        for words, pattern in (
                (["--port", "99999"], "'99999' is not a number from 1 to 65535"),
                (["--gateways", "0"], "'0' is not a number from 1 to 16"),
                (["up", "--workers", "-1"], "workers"),
                (["--host", "nowhere"], "'nowhere' is not an address"),
                (["--redis", "single"], "choose from 'sentinel', 'cluster'"),
                (["--database", "oracle"], "choose from 'postgresql', 'mongodb'"),
                (["kill"], "required: name"),
                (["explode"], "choose from 'up'")):
            with self.subTest(words):
                self.says(MISUSED, pattern, *words)
        self.assertEqual([], self.running())

    def test_without_a_cluster_there_is_nothing_to_do(self):
        for words in (["status"], ["kill", "gateway-1"], ["start", "gateway-1"], ["stop", "gateway-1"], ["down"]):
            with self.subTest(words):
                self.says(CANNOT, "no cluster in .*: start one with ./dev cluster", *words)

    def test_a_port_in_use_is_noticed_before_anything_starts(self):
        with socket.create_server(("127.0.0.1", self.port)):
            self.says(CANNOT, f"127.0.0.1:{self.port} is in use: choose another one with --port", "--port", str(self.port))
        self.assertEqual([], self.running())
        self.says(CANNOT, "no cluster", "status")


class Life(ToolTest):
    def test_from_the_start_to_the_end(self):
        self.does(rf"(?s)gateway-2.*\nThe shop: http://127.0.0.1:{self.port}/",
                  "up", "--port", str(self.port), "--gateways", "2", "--workers", "1")
        rows = self.rows()
        self.assertEqual({"redis": 3, "sentinel": 3, "postgres": 2, "gateway": 2, "worker": 1},
                         {kind: sum(name.startswith(kind + "-") for name in rows)
                          for kind in ("redis", "sentinel", "postgres", "gateway", "worker")})
        for row in rows.values():
            self.assertTrue(birth(row["pid"]), row)
            self.assertTrue(os.path.exists(os.path.join(self.place, row["log"])), row)
        self.says(CANNOT, "a cluster runs in", "up", "--port", str(self.port))

        self.says(MISUSED, "nobody here is called gateway-9; there are: redis-1, ", "kill", "gateway-9")
        self.does("^killed gateway-2$", "kill", "gateway-2")
        self.assertEqual((0, "not running"), (self.rows(NO)["gateway-2"]["pid"], self.rows(NO)["gateway-2"]["is"]))
        self.says(CANNOT, "gateway-2 does not run", "kill", "gateway-2")
        self.does("^started gateway-2$", "start", "gateway-2")
        self.does("^started nothing$", "start", "gateway-2")
        self.does("(?s)^killed redis-1.*redis-[23] is the master", "kill", "redis-master")
        self.does("(?s)^killed postgres-1.*has promoted postgres-2", "kill", "postgres-primary")
        for name in ("redis-1", "postgres-1"):
            self.does(f"^started {name}$", "start", name)
        self.assertEqual("synchronous standby", self.rows()["postgres-1"]["is"])

        self.does("everything has ended", "down")
        self.assertEqual([], self.running())
        self.does("everything has ended", "down")
        self.rows(NO)

    def test_secrets_are_their_owner_s_alone(self):
        self.cluster_of_servers()
        self.assertEqual(0o700, stat.S_IMODE(os.stat(os.path.join(self.place, "secrets")).st_mode))
        words = set()
        for place, _, names in os.walk(os.path.join(self.place, "secrets")):
            for name in names:
                path = os.path.join(place, name)
                self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode), path)
                with open(path, encoding="ascii") as file:
                    words.add(file.read().strip())
        self.assertGreater(len(words), 9)
        pids = [row["pid"] for row in self.rows().values()]
        for word in words:  # not in what everybody may list
            for pid in pids:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                    self.assertNotIn(word, file.read())
        for place, folders, names in os.walk(self.place):
            folders[:] = [f for f in folders if os.stat(os.path.join(place, f)).st_mode & 0o011]  # others get no further
            for name in names:
                path = os.path.join(place, name)
                if not os.path.islink(path) and stat.S_ISREG(os.stat(path).st_mode) and os.stat(path).st_mode & 0o044:
                    with open(path, "rb") as file:
                        content = file.read()
                    self.assertFalse([word for word in words if word.encode() in content], path)

    def cluster_of_servers(self):
        cluster = Cluster(self.place)
        cluster.up(port=self.port, gateways=0)
        return cluster


class Death(ToolTest):
    """Of the tool itself, in the middle."""

    def test_down_ends_what_a_tool_that_was_killed_had_started(self):
        tool = subprocess.Popen(self.command("--port", str(self.port)), cwd=os.path.join(fleet.ROOT, "tools"),
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.eventually(lambda: os.path.isdir(os.path.join(self.place, "postgres-1", "data", "pg_wal")), 60, "PostgreSQL is set up")
        tool.send_signal(signal.SIGKILL)
        tool.wait()
        self.assertTrue(self.running())
        self.says(CANNOT, "a cluster runs in", "--port", str(self.port))
        self.does("everything has ended", "down")
        self.eventually(lambda: not self.running(), 20, "nothing runs on")

    def test_down_finds_those_whose_numbers_were_never_written_down(self):
        cluster = Cluster(self.place)
        cluster.up(port=self.port, gateways=1, workers=1)
        for member in cluster.store.members.values():
            member.pid = member.born = 0
        cluster.store.save()
        self.assertEqual([], [name for name, row in self.rows().items() if not row["pid"]])
        self.does("everything has ended", "down")
        self.assertEqual([], self.running())

    def test_a_stranger_in_the_folder_is_left_alone(self):
        cluster = Cluster(self.place)
        cluster.up(port=self.port, gateways=0)
        cluster.store.members["redis-1"].kill()
        stranger = subprocess.Popen(["sleep", "100"], cwd=os.path.join(self.place, "redis-1"))
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        self.assertEqual(0, self.rows(NO)["redis-1"]["pid"])
        self.does("everything has ended", "down")
        self.assertIsNone(stranger.poll())

    def test_interrupted_it_ends_what_it_started(self):
        tool = subprocess.Popen(self.command("--port", str(self.port)), cwd=os.path.join(fleet.ROOT, "tools"),
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.eventually(lambda: os.path.exists(os.path.join(self.place, "sentinel-3", "log")), 60, "Sentinels start")
        tool.send_signal(signal.SIGTERM)
        self.assertEqual(CANNOT, tool.wait(60))
        self.assertEqual([], self.running())


if __name__ == "__main__":
    unittest.main(verbosity=2)
