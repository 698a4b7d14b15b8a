"""The life of the package on a machine: installed, sold with, upgraded, downgraded, removed, purged."""
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import place
from machine import Machine

place.need("cpack", "dpkg-deb", "dpkg-shlibdeps", "file")
PROGRAM_BYTES_MAX = 15_000_000
DATA = "/var/lib/scalemart"
ADMIN = {"SCALEMART_ADMIN_EMAIL": "boss@shop.test", "SCALEMART_ADMIN_PASSWORD": "a long password of one night"}


def made_package(folder):
    """By the commands of ./dev package, beside the build and not in it."""
    place.run("ninja", "-C", place.BUILD, "package_files")
    place.run("cpack", "--config", os.path.join(place.BUILD, "CPackConfig.cmake"), "-B", folder)
    packages = glob.glob(os.path.join(folder, "*.deb"))
    assert len(packages) == 1, packages
    return packages[0]


def called(package, version, folder):
    """The same package under another version."""
    tree, out = os.path.join(folder, "tree-" + version), os.path.join(folder, f"scalemart_{version}.deb")
    place.run("dpkg-deb", "-R", package, tree)
    control = os.path.join(tree, "DEBIAN", "control")
    text = re.sub(r"(?m)^Version: .*$", "Version: " + version, place.read(control))
    with open(control, "w", encoding="utf-8") as file:
        file.write(text)
    place.run("dpkg-deb", "-Zgzip", "-z1", "-b", tree, out)
    shutil.rmtree(tree)
    return out


class Served:
    """The shop as its unit starts it, but for systemd."""

    def __init__(self, machine, **settings):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = "http://127.0.0.1:%d" % probe.getsockname()[1]
        unit = place.read(machine.path("/lib/systemd/system/scalemart.service"))
        command = re.search(r"(?m)^ExecStart=(.*)$", unit).group(1).split()
        self.log = tempfile.TemporaryFile("w+")
        self.process = machine.start(*command, env={"SCALEMART_LISTEN": self.url[len("http://"):], **settings}, log=self.log)

    def __enter__(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                self.call("GET", "/readyz")
                return self
            except (urllib.error.URLError, OSError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(self.said()) from None
                time.sleep(0.05)

    def __exit__(self, *_):
        # runuser hands the signal on.
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        said = self.said()
        self.log.close()
        assert code in (0, -signal.SIGTERM, 143), f"{code}: {said}"

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def call(self, method, path, body=None, token=None):
        request = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", "Bearer " + token)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if answer.headers.get_content_type() == "application/json" else text

    def login(self):
        body = {"email": ADMIN["SCALEMART_ADMIN_EMAIL"], "password": ADMIN["SCALEMART_ADMIN_PASSWORD"]}
        return self.call("POST", "/api/auth/login", body)["data"]["access_token"]


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="scalemart-deb-")
        cls.addClassCleanup(folder.cleanup)
        cls.package = made_package(folder.name)
        cls.newer = called(cls.package, "99.0.0", folder.name)
        cls.machine = Machine()
        cls.addClassCleanup(cls.machine.remove)

    def tearDown(self):
        self.machine.run("dpkg", "--purge", "scalemart", code=None)

    def test_a_night_with_it(self):
        """Install, sell, upgrade, downgrade, remove, install again, purge."""
        machine = self.machine
        machine.install(self.package)
        self.assertEqual(machine.owner_and_mode(DATA), "scalemart:scalemart 700")
        self.assertEqual(machine.owner_and_mode("/etc/scalemart/secrets"), "root:root 700")
        self.assertIn("nologin", machine.run("getent", "passwd", "scalemart").stdout)
        wants = glob.glob(machine.path("/etc/systemd/system/*.wants/scalemart*"))
        self.assertEqual(wants, [], "nothing is enabled by itself")
        with Served(machine, **ADMIN) as shop:
            token = shop.login()
            shop.call("POST", "/api/admin/products", {"id": "lamp", "name": "Lamp", "total": 5, "sale_price_minor": 100}, token)
            shop.call("POST", "/api/flash-buy", {"product_id": "lamp", "quantity": 2}, token)
        with open(machine.path("/etc/scalemart/scalemart.toml"), "a", encoding="utf-8") as settings:
            settings.write('shop_name = "Night shop"\n')

        machine.install(self.newer)
        self.assertIn('"Night shop"', place.read(machine.path("/etc/scalemart/scalemart.toml")), "what the operator wrote stays")
        said = machine.install(self.package)
        self.assertIn("scalemart: downgrade from 99.0.0 to", said)
        with Served(machine) as shop:
            product = shop.call("GET", "/api/products/lamp")["data"]
            self.assertEqual(product["available"], 3, "sold is sold")

        machine.run("dpkg", "--remove", "scalemart")
        self.assertFalse(machine.exists("/usr/bin/scalemart"))
        self.assertTrue(machine.exists(DATA + "/journal.db"), "a removal keeps the shop's data")
        machine.install(self.package)
        done = machine.run("runuser", "-u", "scalemart", "--", "scalemart", "verify", "--data", DATA, "--json")
        self.assertEqual(json.loads(done.stdout)["orders"], 1)

        machine.run("dpkg", "--purge", "scalemart")
        for path in (DATA, "/etc/scalemart", "/usr/bin/scalemart", "/lib/systemd/system/scalemart.service"):
            self.assertFalse(machine.exists(path), path)
        machine.run("getent", "passwd", "scalemart", code=2)

    def test_a_downgrade_that_could_not_read_the_data_is_refused(self):
        machine = self.machine
        machine.install(self.newer)
        with open(machine.path(DATA, "version"), "w", encoding="ascii") as file:
            file.write("scalemart data 99\n")
        said = machine.install(self.package, code=1)
        self.assertRegex(said, r"scalemart: not downgraded from 99\.0\.0 to .*: /var/lib/scalemart has format 99, this version knows up to \d+\.")
        self.assertIn("restore the backup", said)
        installed = machine.run("dpkg-query", "-W", "-f", "${Version} ${db:Status-Abbrev}", "scalemart").stdout
        self.assertEqual(installed.strip(), "99.0.0 ii", "the other one is still there")

    def test_what_is_in_it(self):
        tree = tempfile.TemporaryDirectory()
        self.addCleanup(tree.cleanup)
        place.run("dpkg-deb", "-x", self.package, tree.name)
        program = os.path.join(tree.name, "usr/bin/scalemart")
        self.assertLess(os.path.getsize(program), PROGRAM_BYTES_MAX)
        self.assertIn("stripped", place.run("file", program).stdout.replace("not stripped", ""))
        for path in ("usr/share/man/man1/scalemart.1.gz", "usr/share/man/man5/scalemart.toml.5.gz", "etc/scalemart/scalemart.toml",
                     "usr/share/bash-completion/completions/scalemart", "usr/share/zsh/vendor-completions/_scalemart",
                     "usr/share/fish/vendor_completions.d/scalemart.fish", "lib/systemd/system/scalemart.service",
                     "lib/systemd/system/scalemart-worker@.service", "lib/systemd/system/scalemart.socket",
                     "usr/share/scalemart/prometheus/alerts.yml", "usr/share/scalemart/grafana/dashboards/sale.json"):
            self.assertTrue(os.path.exists(os.path.join(tree.name, path)), path)
        depends = place.run("dpkg-deb", "-f", self.package, "Depends").stdout
        for library in ("libsqlite3-0", "libssl3", "libpq5", "libhiredis0.14", "libmongoc-1.0-0", "adduser"):
            self.assertIn(library, depends)


if __name__ == "__main__":
    place.need("ninja", "cmake")
    if subprocess.run(["dpkg", "--print-architecture"], capture_output=True, check=False).returncode != 0:
        place.skip("no dpkg here")
    sys.exit(0 if unittest.main(verbosity=2, exit=False).result.wasSuccessful() else 1)
