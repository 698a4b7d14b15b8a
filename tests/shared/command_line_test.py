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
        self.assertEqual({"ok", "drift", "orders", "products", "seconds", "problems"}, set(report), "there is no journal here")
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

    def test_the_queue_is_shown_and_settled_from_anywhere(self):
        """With a gateway that has no worker, beside it and on a machine without its folder; and without any gateway."""
        import worker as workers
        far = {"folder": "queue-machine"}
        self.shop.configure(PAYMENT="simulated:?latency=0s&reject=100%", RATE_LIMIT_FLASH_BUY="off")
        if self.shop.process is None or self.shop.process.poll() is not None:
            self.shop.start(60)
        else:
            self.shop.restart()
        self.json("user", "create", "--email", "queue@shop.test", "--password-file", self.password)
        self.json("product", "create", "lamp", "--name", "Lamp", "--total", "10", "--price-minor", "500", "--currency", "EUR")
        wait_until(lambda: self.shop.get("/api/products/lamp").status == 200, what="the server knows it")
        buyer = self.shop.login("queue@shop.test", "Heron-under-Lindisfarne-9")
        self.assertEqual({"paused": True}, self.json("queue", "pause", **far))
        others = self.json("queue", "list")["depth"]  # of the other test
        orders = [buyer.buy("lamp").data["order_id"] for _ in range(3)]
        for more in ({}, far):
            seen = wait_until(lambda m=more: (q := self.json("queue", "list", **m))["depth"] == others + 3 and q, what="three wait")
            self.assertEqual((True, False, []), (seen["paused"], seen["away"], seen["workers"]))
            self.assertEqual(others + 3, seen["stages"][0]["waiting"])
            shown = self.json("queue", "show", orders[0], **more)
            self.assertEqual(("pending", {"where": "waiting", "step": "payment", "attempts": 0}), (shown["order"]["status"], shown["place"]))
        made = workers.Worker(self.shop, "far-1", DATA=os.path.join(self.shop.root, "data-far-1"), WORKER_CONCURRENCY="4..64")
        self.addCleanup(made.stop)
        listed = lambda more: {w["id"]: w for w in self.json("queue", "list", **more)["workers"]}
        for more in ({}, far):
            one = wait_until(lambda m=more: listed(m).get("far-1"), what="the worker is shown")
            self.assertEqual((4, 4, 64), tuple(one[n] for n in ("concurrency", "concurrency_min", "concurrency_max")))
        self.assertEqual({"worker": "far-1", "min": 6, "max": 9}, self.json("queue", "concurrency", "far-1", "6..9", **far))
        wait_until(lambda: listed({})["far-1"]["concurrency_min"] == 6, what="it obeys")
        self.assertEqual({"paused": False}, self.json("queue", "resume", **far))
        wait_until(lambda: self.json("queue", "list")["dead_letters"] == others + 3, what="three are dead")
        wait_until(lambda: "rejected" in (listed({})["far-1"]["last_error"] or ""), what="it says why")
        self.assertEqual("dead_letter", self.json("queue", "show", orders[1], **far)["place"]["where"])
        self.assertEqual(1, self.json("queue", "discard", orders[0], **far)["done"])
        self.assertEqual(2, self.json("queue", "discard", "--all", "--product", "lamp", "--yes")["done"])
        wait_until(lambda: self.shop.get("/api/products/lamp").data["available"] == 10, what="all units are back")
        self.shop.stop()
        alone = wait_until(lambda: (q := self.json("queue", "list", **far))["dead_letters"] == others and q, what="none is left")
        self.assertIn("far-1", [w["id"] for w in alone["workers"]])
        self.shop.start(60)


if __name__ == "__main__":
    fleet.main()
