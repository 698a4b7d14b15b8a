"""What is in deploy/ stays in step with ./dev cluster, the settings and the program; its scripts do what they say."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import fleet
import yaml
from cluster.machine import free_port, wait_until
from cluster.resp import RedisError, say
from cluster.store import BINARY, SECRETS
from fleet import ROOT

fleet.need("redis", "postgresql", "haproxy")

DEPLOY = os.path.join(ROOT, "deploy")
ONLY_ONCE = {"redis-functions", "redis-library"}  # what ./dev cluster does itself
# ./dev cluster's own: compose says in its head who promotes instead; whose ports are all on one address.
NOT_IN_COMPOSE = {"supervisor"}
# Where they are written to or listen is each deployment's own business.
OF_THE_PLACE = {"SCALEMART_DATA"}


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.compose = yaml.safe_load(read(DEPLOY, "compose.yaml"))
        cls.services = cls.compose["services"]
        cls.whole, close = fleet.standing()
        cls.addClassCleanup(close)
        cls.members = cls.whole.store.members

    def test_services_are_the_members_of_a_cluster(self):
        self.assertEqual(set(self.members) - NOT_IN_COMPOSE, set(self.services) - ONLY_ONCE)

    def test_variables_are_those_of_a_cluster(self):
        for name, member in self.members.items():
            if member.kind not in ("gateway", "worker", "haproxy"):
                continue
            with self.subTest(name):
                ours = {v for v in member.environment if v.startswith(("SCALEMART_", "SHOP_"))} - OF_THE_PLACE
                theirs = set(self.services[name]["environment"])
                self.assertEqual(ours, theirs)
                for variable in ours & {"SCALEMART_WORKERS", "SCALEMART_DRAIN_DELAY", "SCALEMART_DATABASE_COPIES", "SCALEMART_ADMIN_EMAIL"}:
                    self.assertEqual(member.environment[variable], self.services[name]["environment"][variable], variable)

    def test_variables_are_documented(self):
        documented = set(re.findall(r"SCALEMART_[A-Z_]+", read(ROOT, "docs", "configuration.md")))
        for name, service in self.services.items():
            for variable in service.get("environment", {}):
                if variable.startswith("SCALEMART_"):
                    self.assertIn(variable.removesuffix("_FILE"), documented, name)

    def test_commands_are_the_programs(self):
        for name, member in self.members.items():
            if member.kind in ("gateway", "worker"):
                self.assertEqual(member.command[1:], self.services[name]["command"], name)

    def test_secrets_are_made_and_used(self):
        declared = set(self.compose["secrets"])
        self.assertEqual(set(SECRETS) - {"redis_operator"}, declared - {"database_url", "redis_url"})
        used = {secret for service in self.services.values() for secret in service.get("secrets", [])}
        self.assertEqual(declared, used)

    def test_files_that_are_mounted_exist(self):
        for service in self.services.values():
            for volume in service.get("volumes", []):
                if volume.startswith("."):
                    self.assertTrue(os.path.exists(os.path.join(DEPLOY, volume.split(":")[0])), volume)


class Scripts(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="scalemart-deploy-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        shutil.copytree(DEPLOY, self.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("secrets"))
        subprocess.run([os.path.join(self.folder, "make-secrets.sh")], check=True, capture_output=True)
        self.secrets = os.path.join(self.folder, "secrets")

    def secret(self, name):
        return read(self.secrets, name).strip()

    def test_secrets_stay_and_the_program_takes_the_addresses(self):
        before = {name: self.secret(name) for name in os.listdir(self.secrets)}
        subprocess.run([os.path.join(self.folder, "make-secrets.sh")], check=True, capture_output=True)
        self.assertEqual(before, {name: self.secret(name) for name in os.listdir(self.secrets)})
        self.assertEqual(len(before) - 2, len({v for k, v in before.items() if not k.endswith("_url")}), "no two alike")
        settings = {"SCALEMART_DATABASE_FILE": f"{self.secrets}/database_url", "SCALEMART_REDIS_FILE": f"{self.secrets}/redis_url",
                    "SCALEMART_JWT_SECRET_FILE": f"{self.secrets}/jwt", "SCALEMART_DATABASE_COPIES": "2"}
        done = subprocess.run([BINARY, "config"], env={**os.environ, **settings}, text=True, capture_output=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn(self.secret("redis_shop"), done.stdout)

    def test_redis_starts_with_the_users_and_their_passwords(self):
        port, data = free_port(), os.path.join(self.folder, "data")
        os.mkdir(data)
        server = subprocess.Popen([os.path.join(self.folder, "redis", "start.sh"), "--port", str(port), "--bind", "127.0.0.1",
                                   "--min-replicas-to-write", "0"],
                                  env={**os.environ, "SECRETS": self.secrets, "DATA": data}, stdout=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)

        def answers(*command, login=("scalemart-setup", self.secret("redis_setup"))):
            try:
                return say("127.0.0.1", port, *command, login=login)
            except RedisError as why:
                return str(why)
        wait_until(lambda: answers("PING") == "PONG", 10, "Redis answers to its user")
        self.assertIn("NOAUTH", answers("PING", login=None))
        self.assertEqual("scalemart_v1", answers("FUNCTION", "LOAD", "REPLACE",
                                                 subprocess.run([BINARY, "redis", "functions"], check=True, capture_output=True).stdout))
        shop = ("scalemart", self.secret("redis_shop"))
        self.assertEqual("PONG", answers("PING", login=shop))
        self.assertIn("NOPERM", answers("FLUSHALL", login=shop))

    def test_scripts_are_shell(self):
        for place, _, names in os.walk(self.folder):
            for name in names:
                if name.endswith(".sh"):
                    subprocess.run(["sh", "-n", os.path.join(place, name)], check=True)


class Container(unittest.TestCase):
    def test_it_has_the_libraries_that_the_program_names(self):
        if not (shutil.which("dpkg") and shutil.which("readelf")):
            self.skipTest("this is not Debian")
        needed = re.findall(r"NEEDED.*\[(.*)\]", subprocess.run(["readelf", "-d", BINARY], check=True, text=True, capture_output=True).stdout)
        base = {"libc6", "libgcc-s1", "libstdc++6", "libssl3"}  # the image has them, or curl's package brings them
        for library in needed:
            owner = subprocess.run(["dpkg", "-S", f"*/{library}"], text=True, capture_output=True, check=False).stdout.split(":")[0]
            if owner and owner not in base:
                self.assertIn(owner, read(DEPLOY, "Containerfile"), library)

    def test_it_runs_as_nobody_in_particular(self):
        text = read(DEPLOY, "Containerfile")
        self.assertRegex(text, r"(?m)^USER [1-9]\d+$")
        self.assertIn("deploy/secrets", read(ROOT, ".dockerignore"))


if __name__ == "__main__":
    fleet.main()
