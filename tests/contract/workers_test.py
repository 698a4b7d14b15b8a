"""Workers in processes of their own: they share the queue, are shown and steered, wait for their server."""
import collections
import os
import re
import socket
import stat
import subprocess
import time

import shop
from wire import wait_until
from worker import Worker, WorkersTest


class Sharing(WorkersTest):
    def test_two_workers_confirm_orders_together(self):
        wait_until(lambda: not self.shop.admin.get("/api/admin/workers").data, what="nobody is there")
        begun = len(self.shop.logs())
        warned = [l["warning"] for l in self.shop.logs() if l["event"] == "configuration" and "WORKERS" in l["warning"]]
        self.assertEqual(["SCALEMART_WORKERS is 0: orders wait until a `scalemart worker` joins"], warned)
        waiting = self.buy(3)
        self.assertEqual("pending", self.buyers[0].order(waiting[0])["status"])
        one, two = (self.worker(name).wait_until_there() for name in ("one", "two"))
        self.assert_settled_once(waiting)
        self.shop.pause_queue()
        orders = self.buy(400)
        self.shop.resume_queue()
        self.assert_settled_once(orders)
        wait_until(lambda: one.view()["confirmed"] + two.view()["confirmed"] == 403, what="both have reported")
        self.assertGreater(one.view()["confirmed"], 50)
        self.assertGreater(two.view()["confirmed"], 50)
        view = one.view()
        self.assertEqual(("process", one.process.pid, socket.gethostname()), (view["place"], view["pid"], view["host"]))
        wait_until(lambda: abs(time.time() - self.seconds(one.view()["last_heartbeat"])) < 3, what="it was heard lately")
        metrics = self.shop.metrics()
        self.assertEqual((0, 2), tuple(metrics[f'scalemart_workers{{place="{p}"}}'] for p in ("server", "process")))
        done = 'scalemart_fulfilment_attempts_total{stage="%s",result="done"}'
        for step in ("payment", "confirm", "invoice", "mail"):
            wait_until(lambda s=step: self.shop.metrics()[done % s] == 403, what=f"{step}s are counted by the server")
        joined = [l for l in self.shop.logs()[begun:] if l["event"] == "worker_joined"]
        self.assertEqual([("one", 1), ("two", 2)], [(l["worker"], l["workers"]) for l in joined])
        self.assertEqual([0, 0], [one.stop(), two.stop()])
        wait_until(lambda: not self.shop.admin.get("/api/admin/workers").data, what="they have left")
        left = [l["event"] for l in self.shop.logs()[begun:] if l["event"] in ("worker_left", "no_worker")]
        self.assertEqual(["worker_left", "worker_left", "no_worker"], left)

    @staticmethod
    def seconds(text):
        return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone

    def test_same_names_are_told_apart(self):
        first = self.worker("twin").wait_until_there()
        second = Worker(self.shop, "twin")
        self.addCleanup(second.stop)
        names = lambda: sorted(w["id"] for w in self.shop.admin.get("/api/admin/workers").data)
        wait_until(lambda: names() == ["twin", "twin-2"], what=lambda: f"two names, not {names()}")
        first.stop()
        second.stop()


class Steering(WorkersTest):
    latency = "500ms"

    def test_concurrency_reaches_a_worker(self):
        worker = self.worker("led").wait_until_there()
        path = "/api/admin/workers/led"
        answer = self.shop.admin.send("PUT", path, {"concurrency": 3})
        self.assertEqual((200, {"id": "led", "concurrency": 3}), (answer.status, answer.data))
        self.assertEqual(3, worker.view()["concurrency"])
        time.sleep(1.2)
        self.assertEqual(3, worker.view()["concurrency"], "the worker says so too")
        orders, most = self.buy(18), 0
        while statuses := [s for i, o in enumerate(orders) if (s := self.buyers[i % 4].order(o)["status"]) != "confirmed"]:
            most = max(most, statuses.count("processing"))
        self.assertIn(most, (1, 2, 3))
        self.assert_settled_once(orders)
        self.assertError(self.shop.admin.send("PUT", "/api/admin/workers/nobody", {"concurrency": 3}), 404, "not_found")
        self.assertError(self.shop.admin.send("PUT", path, {"concurrency": 0}), 422, "validation_error")
        row = next(r for r in self.shop.admin.get("/api/admin/audit?limit=20").data
                   if r["what"] == "worker_concurrency_changed" and r["target"] == "led")
        self.assertEqual({"concurrency": 3}, row["after"])

    def test_a_paused_queue_gives_nothing_to_workers(self):
        worker = self.worker("idle").wait_until_there()
        self.shop.pause_queue()
        orders = self.buy(5)
        time.sleep(1)
        self.assertEqual({"pending"}, {self.buyers[i % 4].order(o)["status"] for i, o in enumerate(orders)})
        self.assertEqual(0, worker.view()["in_flight"])
        self.shop.resume_queue()
        self.assert_settled_once(orders)

    def test_workers_inside_and_outside_share_the_queue(self):
        mixed = self.own_shop(WORKERS=1, PAYMENT="simulated:?latency=20ms")
        outside = Worker(mixed, "outside")
        self.addCleanup(outside.stop)
        outside.wait_until_there()
        self.assertEqual({"server": 1, "process": 1},
                         collections.Counter(w["place"] for w in mixed.admin.get("/api/admin/workers").data))
        buyer, thing = mixed.register(), mixed.product(total=100)
        for _ in range(100):
            buyer.buy(thing)
        wait_until(lambda: mixed.stock(thing) == (0, 0, 100, 100), what="all are sold")
        shares = lambda: [w["confirmed"] for w in mixed.admin.get("/api/admin/workers").data]
        wait_until(lambda: sum(shares()) == 100, what=lambda: f"100 confirmed, not {shares()}")
        self.assertEqual(0, outside.stop())


class Starting(WorkersTest):
    def test_a_worker_may_be_started_before_its_server(self):
        early = shop.Shop(start=False, WORKERS=0)
        self.addCleanup(early.close)
        worker = Worker(early, "early")
        self.addCleanup(worker.stop)
        wait_until(lambda: worker.events()["waiting_for_server"] == 1, what="it says that it waits")
        early.start()
        worker.wait_until_there()
        buyer, thing = early.register(), early.product()
        buyer.wait_for(buyer.buy(thing).data["order_id"], "confirmed")
        self.assertEqual(1, worker.events()["joined"])
        self.assertEqual(0, worker.stop())

    def run_worker(self, *arguments, **settings):
        env = self.shop.environment()
        env.update({"SCALEMART_" + n: str(v) for n, v in settings.items()})
        return subprocess.run([shop.BINARY, "worker", *arguments], env=env, capture_output=True, text=True, timeout=30,
                              check=False, stdin=subprocess.DEVNULL)

    def test_wrong_use_is_told_in_a_line(self):
        nowhere = os.path.join(self.shop.root, "nowhere")
        a_file = os.path.join(self.shop.root, "a-file")
        with open(a_file, "w", encoding="ascii"):
            pass
        rows = [(["--name", "a b"], {}, shop.EXIT_USAGE, "--name"),
                (["--name", "x" * 65], {}, shop.EXIT_USAGE, "--name"),
                (["--give-up-after", "soon"], {}, shop.EXIT_USAGE, "--give-up-after"),
                (["--no-such-flag"], {}, shop.EXIT_USAGE, "no-such-flag"),
                (["and", "more"], {}, shop.EXIT_USAGE, "not expected"),
                ([], {"WORKER_CONCURRENCY": "0"}, shop.EXIT_CANNOT_RUN, "SCALEMART_WORKER_CONCURRENCY"),
                ([], {"WORKER_LEASE": "1s"}, shop.EXIT_CANNOT_RUN, "SCALEMART_WORKER_LEASE"),
                ([], {"PAYMENT": "simulated:?latency=x"}, shop.EXIT_CANNOT_RUN, "SCALEMART_PAYMENT"),
                ([], {"PAYMENT": f"simulated:?book={nowhere}/book"}, shop.EXIT_CANNOT_RUN, "SCALEMART_PAYMENT"),
                ([], {"SMTP": "smtp://:"}, shop.EXIT_CANNOT_RUN, "SCALEMART_SMTP"),
                ([], {"DATABASE": "postgresql://x"}, shop.EXIT_CANNOT_RUN, "SCALEMART_DATABASE"),
                (["--give-up-after", "1s"], {"DATA": nowhere}, shop.EXIT_CANNOT_RUN, "gave up"),
                ([], {"DATA": a_file}, shop.EXIT_CANNOT_RUN, "Not a directory")]
        for arguments, settings, code, says in rows:
            with self.subTest(arguments=arguments, settings=settings):
                done = self.run_worker(*arguments, **settings)
                self.assertEqual(code, done.returncode, done)
                self.assertIn(says, done.stderr)
        self.assertFalse(os.path.exists(nowhere), "a worker makes no data folder")

    def test_the_way_in_is_for_the_owner_alone_and_garbage_hurts_nobody(self):
        path = os.path.join(self.shop.folder, "control.sock")
        self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
        rng = shop.seeded("garbage on control.sock")
        hello = b"GET /control/worker HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: scalemart-worker/3\r\n\r\n"
        for i in range(40):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(15)
                s.connect(path)
                s.sendall(hello)
                self.assertTrue(re.match(rb"HTTP/1.1 101 ", s.recv(4096)))
                noise = rng.randbytes(rng.randrange(1, 3000))
                s.sendall(len(noise).to_bytes(4, "little") + noise if i % 2 else noise)
                if i % 4 < 2:
                    s.shutdown(socket.SHUT_WR)
        worker = self.worker("after").wait_until_there()
        self.assert_settled_once(self.buy(5))
        self.assertEqual(["after"], [w["id"] for w in self.shop.admin.get("/api/admin/workers").data])
        self.assertEqual(0, worker.stop())


del WorkersTest  # a base without tests of its own

if __name__ == "__main__":
    shop.main()
