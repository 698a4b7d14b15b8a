"""The package where nothing else is: its dependencies are enough, nothing starts by itself, and what cannot start says why."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

import place
from bare import Bare, archive
from deb_test import called, made_package

place.need("cpack", "dpkg-deb", "dpkg-shlibdeps", "debootstrap", "unshare")
place.need_root()

SERVE = re.search(r"(?m)^ExecStart=(.*)$", place.read(place.ROOT, "deploy", "systemd", "scalemart.service")).group(1).split()
USER = "scalemart:scalemart"
# Stands where systemd's would, so that what maintainer scripts ask of it can be read.
SYSTEMCTL = '#!/bin/sh\necho "$@" >>/var/log/systemctl\n'


class BareMachine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="scalemart-package-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.package = made_package(cls.folder)
        cls.newer = called(cls.package, "99.0.0", cls.folder)
        depends = place.run("dpkg-deb", "--field", cls.package, "Depends").stdout
        cls.needs = [re.split(r"[ |(:]", part.strip())[0] for part in depends.split(",")]
        try:
            archive(cls.needs)
        except SystemExit:  # a skip ends the program, without cleaning up
            cls.doClassCleanups()
            raise

    def setUp(self):
        self.machine = Bare(self.needs)
        self.addCleanup(self.machine.close)

    def install(self, package):
        shutil.copy(package, self.machine.path("/root/scalemart.deb"))
        return self.machine.run("dpkg", "--install", "/root/scalemart.deb")

    def ask(self, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json", **headers})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["data"]

    def serve(self):
        """As the unit does it; returns at READY=1."""
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notices.close)
        notices.bind(self.machine.path("/run/notify"))
        os.chmod(self.machine.path("/run/notify"), 0o777)
        notices.settimeout(60)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            listen = f"127.0.0.1:{probe.getsockname()[1]}"
        self.url = "http://" + listen
        log = open(self.machine.path("/var/log/scalemart-test"), "ab")  # pylint: disable=consider-using-with
        self.addCleanup(log.close)
        process = self.machine.spawn(*SERVE, user=USER, log=log, NOTIFY_SOCKET="/run/notify", SCALEMART_LISTEN=listen)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertIn("READY=1", notices.recv(4096).decode())
        return process

    def test_from_a_bare_machine_to_a_sale(self):
        times = [("", time.monotonic())]
        self.install(self.package)
        times.append(("installed", time.monotonic()))
        process = self.serve()
        times.append(("ready", time.monotonic()))
        self.machine.run("scalemart", "product", "create", "lamp", "--name", "Lamp", "--total", "5", "--price-minor", "1999",
                         "--config", "/etc/scalemart/scalemart.toml", user=USER)
        session = self.ask("/api/auth/register", {"email": "ada@shop.test", "password": "Kestrel-over-the-moor-4"})
        self.ask("/api/flash-buy", {"product_id": "lamp"}, **{"Authorization": "Bearer " + session["access_token"]})
        times.append(("first sale", time.monotonic()))
        print(", ".join(f"{name} after {at - times[0][1]:.1f} s" for name, at in times[1:]))
        self.install(self.newer)
        self.assertEqual(4, self.ask("/api/products/lamp")["available"], "what runs sells on until it is restarted")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(30))

    def asked_of_systemd(self):
        path = self.machine.path("/var/log/systemctl")
        lines = place.read(path).splitlines() if os.path.exists(path) else []
        with open(path, "w", encoding="utf-8"):
            return lines

    def enabled(self):
        folder = self.machine.path("/etc/systemd/system")
        return sorted(name for _, _, names in os.walk(folder) for name in names if "scalemart" in name)

    def test_what_runs_is_restarted_and_nothing_is_enabled_by_itself(self):
        os.makedirs(self.machine.path("/run/systemd/system"))
        with open(self.machine.path("/usr/bin/systemctl"), "w", encoding="utf-8") as file:
            file.write(SYSTEMCTL)
        os.chmod(self.machine.path("/usr/bin/systemctl"), 0o755)
        self.install(self.package)
        self.assertEqual(["--system daemon-reload"], self.asked_of_systemd(), "a first installation starts nothing")
        self.assertEqual([], self.enabled())
        wants = self.machine.path("/etc/systemd/system/multi-user.target.wants")  # systemctl enable
        os.makedirs(wants, exist_ok=True)
        os.symlink("/lib/systemd/system/scalemart.service", os.path.join(wants, "scalemart.service"))
        self.install(self.newer)
        self.assertIn("try-restart scalemart.service scalemart-worker@*.service", self.asked_of_systemd())
        self.assertEqual(["scalemart.service"], self.enabled())
        self.machine.run("dpkg", "--remove", "scalemart")
        self.assertIn("stop scalemart.socket scalemart.service scalemart-worker@*.service", self.asked_of_systemd())
        self.machine.run("dpkg", "--purge", "scalemart")
        self.assertEqual([], self.enabled())

    def refusal(self, **settings):
        """One line, exit code 3."""
        done = self.machine.run(*SERVE, user=USER, code=3, **settings)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
        self.assertEqual(1, len(lines), done.stderr)
        return lines[0]

    def test_what_cannot_start_says_why(self):
        self.install(self.package)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.assertIn("port is in use", self.refusal(SCALEMART_LISTEN=f"127.0.0.1:{taken.getsockname()[1]}"))
        os.mkdir(self.machine.path("/srv/of-root"))
        self.assertIn("/srv/of-root", self.refusal(SCALEMART_DATA="/srv/of-root", SCALEMART_LISTEN="127.0.0.1:0"))
        full = self.machine.path("/srv/full")
        os.mkdir(full)
        place.run("mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "none", full)
        self.addCleanup(subprocess.run, ["umount", full], check=True)
        with open(os.path.join(full, "everything"), "wb", buffering=0) as file:
            with self.assertRaises(OSError):
                while True:
                    file.write(b"x" * 4096)
        said = self.refusal(SCALEMART_DATA="/srv/full", SCALEMART_LISTEN="127.0.0.1:0")
        self.assertRegex(said, "(?i)no space|full|room")

    def test_lintian_has_nothing_to_say(self):
        if not shutil.which("lintian"):
            self.skipTest("without lintian")
        done = place.run("lintian", "--allow-root", "--fail-on", "error,warning", self.package, code=None)
        self.assertEqual((0, ""), (done.returncode, done.stdout.strip()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
