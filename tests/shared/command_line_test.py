"""Commands on a shared shop: without any server, beside one, and on a machine that has none of its folders."""
import json
import os
import subprocess
import unittest

import fleet
import shop
from wire import wait_until


class CommandLine(unittest.TestCase):
    longMessage, maxDiff = True, None

    @classmethod
    def setUpClass(cls):
        cls.fleet = fleet.Fleet()
        cls.addClassCleanup(cls.fleet.close)
        cls.shop = shop.Shop(start=False, DATABASE=cls.fleet.database.url, REDIS=cls.fleet.redis.url,
                             JWT_SECRET=fleet.SECRET, WORKERS=0)
        cls.addClassCleanup(cls.shop.close)
        cls.password = os.path.join(cls.shop.root, "password")
        with open(cls.password, "w", encoding="ascii") as file:
            file.write("Heron-under-Lindisfarne-9\n")

    def json(self, *arguments, folder=None):
        env = self.shop.environment()
        if folder:
            env["SCALEMART_DATA"] = os.path.join(self.shop.root, folder)
        done = subprocess.run([shop.BINARY, *arguments, "--json"], env=env, cwd=self.shop.root, capture_output=True,
                              stdin=subprocess.DEVNULL, text=True, timeout=60, check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout else None

    def everything(self, thing, folder=None):
        """One of each, and what is there afterwards."""
        def run(*arguments):
            return self.json(*arguments, folder=folder)
        email = f"{thing}@shop.test"
        run("user", "create", "--email", email, "--password-file", self.password)
        run("user", "role", email, "admin")
        run("user", "disable", email)
        run("user", "enable", email)
        tokens = os.path.join(self.shop.root, thing + ".tokens")
        run("user", "seed", "--count", "3", "--tokens", tokens)
        with open(tokens, encoding="ascii") as file:
            self.assertEqual(3, len(file.read().split()))
        run("product", "create", thing, "--name", "A thing", "--total", "10", "--price-minor", "500", "--currency", "EUR")
        run("product", "stock", thing, "5", "--reason", "found")
        run("product", "pause", thing)
        seen = next(p for p in run("product", "list") if p["id"] == thing)
        self.assertEqual((15, 15, "paused"), (seen["total"], seen["available"], seen["state"]))
        run("product", "resume", thing)
        self.assertIn("orders", json.dumps(run("stats")))
        report = run("verify")
        self.assertEqual((True, 0), (report["ok"], report["drift"]))
        return report["products"]

    def test_webhooks_are_refused_in_words(self):
        for _ in range(2):  # without a server and beside one
            done = self.shop.run("webhook", "create", "https://shop.example/hooks")
            self.assertEqual((1, True), (done.returncode, "shared shop" in done.stderr), done.stderr)
            if self.shop.process is None:
                self.shop.start()
        answer = self.shop.admin.get("/api/admin/webhooks")
        self.assertEqual((409, "invalid_state"), (answer.status, answer.code))
        self.shop.stop()
        self.shop.process = None

    def test_commands_work_with_and_without_a_server(self):
        alone = self.everything("alone")
        self.shop.start(60)
        wait_until(lambda: self.shop.get("/api/products/alone").status == 200, what="the server knows it")
        self.assertEqual(alone + 1, self.everything("beside"))
        self.assertEqual(alone + 2, self.everything("elsewhere", folder="another-machine"))
        wait_until(lambda: self.shop.get("/api/products/elsewhere").status == 200, what="the server hears of it")
        owner = self.shop.login("elsewhere@shop.test", "Heron-under-Lindisfarne-9")
        trail = json.dumps(owner.get("/api/admin/audit?limit=100").data)
        for thing in ("alone", "beside", "elsewhere"):
            self.assertIn(f'"{thing}"', trail, "what commands did is in the trail")
        self.assertEqual(200, owner.buy("alone").status)


if __name__ == "__main__":
    fleet.main()
