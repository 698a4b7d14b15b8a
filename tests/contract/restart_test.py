"""Crashes, stops and starts that must be refused."""
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import shop
from shop import EXIT_CANNOT_RUN, EXIT_DONE, EXIT_NO
from wire import Closed, Connection, request_bytes, wait_until


class Crash(shop.ShopTest):
    settings = {"PAYMENT": "simulated:?latency=300ms&decline=0%"}
    ROUNDS, STOCK = 3, 100_000

    def storm(self, thing, tokens, seeds, round_number):
        """Buys by many until the server is gone. (token, key, quantity, ticket or None) of every buy that was sent."""
        sent, lock = [], threading.Lock()

        def run(i):
            rng = random.Random(seeds[i])
            try:
                with self.shop.connect() as c:
                    for n in range(100_000):
                        token, quantity = tokens[rng.randrange(len(tokens))], rng.randint(1, 4)
                        shot = [token, f"r{round_number}-{i}-{n}", quantity, None]
                        with lock:
                            sent.append(shot)
                        answer = c.request("POST", "/api/flash-buy", {"product_id": thing, "quantity": quantity},
                                           token=token, key=shot[1])
                        if answer.status == 200:
                            shot[3] = answer.data
                        time.sleep(0.004)  # a crowd, not a load test: its papers must be written too
            except (ConnectionError, Closed):
                return
        threads = [threading.Thread(target=run, args=(i,)) for i in range(len(seeds))]
        for t in threads:
            t.start()
        return sent, threads

    def test_kill_9_in_a_storm_loses_nothing(self):
        rng = shop.seeded("kill -9")
        tokens, thing = self.shop.seeds(50), self.shop.product(total=self.STOCK)
        sent, orders_before = [], self.shop.verify()["orders"]
        for round_number in range(self.ROUNDS):
            some, threads = self.storm(thing, tokens, [rng.getrandbits(32) for _ in range(10)], round_number)
            wait_until(lambda: sum(1 for s in some if s[3]) > 50, what="buys are being accepted")
            time.sleep(rng.uniform(0.02, 0.3))  # the crash comes at any moment
            self.assertEqual(-signal.SIGKILL, self.shop.kill())
            for t in threads:
                t.join()
            self.shop.start()
            sent += some
            unknown = sum(s[3] is None for s in some)
            self.check(sent if round_number == self.ROUNDS - 1 else some, thing, rng)
            print(f"round {round_number}: {len(some)} sent, {unknown} unanswered, {sum(s[3] is None for s in some)} of them "
                  "not taken", file=sys.stderr)
        bought = sum(s[2] for s in sent if s[3])
        wait_until(lambda: (lambda a, h, s, t: h == 0 and s == bought)(*self.shop.stock(thing)), 20,
                   what="all pending orders are confirmed")
        report = self.shop.verify()
        self.assertEqual((True, 0, len([s for s in sent if s[3]])), (report["ok"], report["drift"], report["orders"] - orders_before))

    def check(self, sent, thing, rng):
        """Every acknowledged order is there; every unknown one is known now."""
        for shot in sent:
            token, key, quantity, ticket = shot
            found = self.shop.get(f"/api/orders/by-key/{key}", token=token)
            if ticket is None:
                self.assertIn(found.status, (200, 404))
                if found.status == 404:
                    continue
                shot[3] = {"order_id": found.data["id"], "total_minor": found.data["total_minor"]}
            self.assertEqual(200, found.status, f"an acknowledged order is lost: {shot}")
            self.assertEqual((shot[3]["order_id"], quantity, thing, shot[3]["total_minor"]),
                             (found.data["id"], found.data["quantity"], found.data["product_id"], found.data["total_minor"]))
        orders = [s[3]["order_id"] for s in sent if s[3]]
        self.assertEqual(len(orders), len(set(orders)))
        available, held, sold, total = self.shop.stock(thing)
        self.assertEqual(self.STOCK, available + held + sold)
        for token, key, quantity, ticket in rng.sample([s for s in sent if s[3]], 30):
            again = self.shop.post("/api/flash-buy", {"product_id": thing, "quantity": quantity}, token=token, key=key)
            self.assertEqual((200, "true", ticket["order_id"]),
                             (again.status, again.header("Idempotent-Replayed"), again.data["order_id"]))

    def test_a_killed_worker_is_taken_over(self):
        """Killed while payments are under way: each order is completed once."""
        buyer, thing = self.shop.register(), self.shop.product(total=20)
        orders = [buyer.buy(thing).data["order_id"] for _ in range(20)]
        wait_until(lambda: any(buyer.order(o)["status"] == "processing" for o in orders))
        self.shop.kill()
        self.shop.start()
        for order in orders:
            done = buyer.wait_for(order, "confirmed", "failed", "expired")
            told = [change["status"] for change in done["history"]]
            self.assertEqual(("confirmed", 1, 1), (done["status"], told.count("processing"), told.count("confirmed")))
        self.assertEqual((0, 0, 20, 20), self.shop.stock(thing))
        self.assertEqual(0, self.shop.verify()["drift"])

    def test_nothing_is_forgotten_over_a_restart(self):
        kept = self.own_shop()
        buyer, thing = kept.register("keeper"), kept.product(name="Kept", per_user_limit=2, list_price_minor=5000)
        order = buyer.wait_for(buyer.buy(thing, 2, key="kept").data["order_id"], "confirmed")
        before = kept.get(f"/api/products/{thing}").data
        paused = kept.product()
        kept.admin.post(f"/api/admin/products/{paused}/pause")
        wait_until(lambda: not any(stage["depth"] for stage in kept.admin.get("/api/admin/queue").data["stages"]),
                   what="invoice and mail are done")
        head = kept.settled()
        for sig in (signal.SIGTERM, signal.SIGKILL):
            kept.restart(sig)
            self.assertEqual(head, kept.ledger())
            self.assertEqual(before, kept.get(f"/api/products/{thing}").data)
            self.assertEqual("paused", kept.get(f"/api/products/{paused}").data["state"])
            self.assertEqual(order, buyer.order(order["id"]), "the token is good and the order as it was")
            self.assertEqual("true", buyer.buy(thing, 2, key="kept").header("Idempotent-Replayed"))
            self.assertError(buyer.buy(thing, 1), 409, "purchase_limit")
            self.assertEqual("keeper", kept.login(buyer.email, shop.BUYER_PASSWORD).get("/api/auth/me").data["name"])


class Drain(shop.ShopTest):
    settings = {"DRAIN_DELAY": "700ms", "PAYMENT": "simulated:?latency=300ms&decline=0%"}

    def test_sigterm_finishes_what_was_begun(self):
        buyer, thing = self.shop.register(), self.shop.product(total=10)
        whole = request_bytes("POST", "/api/flash-buy", {"product_id": thing, "quantity": 3}, token=buyer.token, key="drained")
        with self.shop.connect() as begun, self.shop.connect() as kept, self.shop.events(f"/api/products/{thing}/events") as live:
            live.next()
            self.assertEqual(200, kept.request("GET", "/healthz").status)
            begun.send(whole[:-10])
            started = time.monotonic()
            self.shop.process.send_signal(signal.SIGTERM)
            self.shop.ended = True
            # Ready goes first, while connections are still taken.
            refused = wait_until(lambda: (a := self.fresh("/readyz")).status != 200 and a, 0.6)
            self.assertError(refused, 503, "unavailable")
            self.assertEqual(200, self.fresh("/healthz").status, "alive all the while")
            # Then no new connections; the one that was begun is finished.
            wait_until(self.is_closed, 5)
            begun.send(whole[-10:])
            answer = begun.read_answer()
            self.assertEqual(200, answer.status)
            self.assertEqual("close", (answer.header("Connection") or "").lower())
            self.assertTrue(begun.is_closed_by_peer())
            self.assertEqual(EXIT_DONE, self.shop.process.wait(10))
            self.assertLess(time.monotonic() - started, 10)
        self.shop.start()
        done = buyer.wait_for(answer.data["order_id"], "confirmed")
        self.assertEqual(3, done["quantity"])
        self.assertEqual(done["id"], buyer.get("/api/orders/by-key/drained").data["id"])
        self.assertEqual(0, self.shop.verify()["drift"])

    def fresh(self, path):
        with self.shop.connect() as c:
            return c.request("GET", path)

    def is_closed(self):
        try:
            with self.shop.connect() as c:
                c.request("GET", "/healthz")
            return False
        except (ConnectionError, Closed):
            return True

    def test_sigterm_under_load_breaks_no_answer(self):
        """A client that minds `Connection: close` sees no connection end on it, and what was accepted is there afterwards.
        SCALEMART_SIGTERMS is how many times (./dev prove: 200)."""
        loaded = self.own_shop(WORKERS=0, DRAIN_DELAY="200ms")
        tokens, thing = loaded.seeds(30), loaded.product(total=10**7)
        dice = shop.seeded("moments of SIGTERM")
        sold = 0
        for cycle in range(int(os.environ.get("SCALEMART_SIGTERMS", "1"))):
            accepted, broken = self.storm_until_sigterm(loaded, thing, tokens, cycle, dice.uniform(0, 0.3))
            self.assertEqual([], broken, f"SIGTERM {cycle + 1}")
            loaded.start()
            for token, order in accepted[::max(1, len(accepted) // 300)]:
                self.assertEqual(200, loaded.get(f"/api/orders/{order}", token=token).status)
            sold += len(accepted)
            self.assertEqual(sold, sum(loaded.stock(thing)[1:3]), "as many as were told, for nobody was left without an answer")

    def storm_until_sigterm(self, loaded, thing, tokens, cycle, more):
        accepted, broken = [], []

        def run(token):
            with loaded.connect() as c:
                for n in range(100_000):
                    try:
                        answer = c.request("POST", "/api/flash-buy", {"product_id": thing}, token=token, key=f"load-{cycle}-{n}")
                    except (Closed, ConnectionError) as problem:
                        return broken.append(problem)
                    if answer.status == 200:
                        accepted.append((token, answer.data["order_id"]))
                    elif answer.status != 503:
                        broken.append(answer)
                    if (answer.header("Connection") or "").lower() == "close":
                        return None
        threads = [threading.Thread(target=run, args=(t,)) for t in tokens]
        for t in threads:
            t.start()
        wait_until(lambda: len(accepted) > 200 or broken)
        time.sleep(more)
        self.assertEqual(EXIT_DONE, loaded.stop(patience=10))
        for t in threads:
            t.join()
        return accepted, broken

    def test_stalled_clients_do_not_hold_it_up(self):
        stalled = self.own_shop(DRAIN_TIMEOUT="2s")
        halves = (b"GET /healthz HTTP/1.1\r\nHos", request_bytes("POST", "/api/auth/login", {"email": "x", "password": "y"})[:-5])
        for half in halves:
            c = stalled.connect()
            self.addCleanup(c.close)
            c.send(half)
        begun = time.monotonic()
        self.assertEqual(EXIT_DONE, stalled.stop())
        self.assertLess(time.monotonic() - begun, 6)

    def test_payments_under_way_do_not_hold_it_up(self):
        slow = self.own_shop(PAYMENT="simulated:?latency=60s&decline=0%")
        buyer, thing = slow.register(), slow.product(total=5)
        order = buyer.buy(thing).data["order_id"]
        buyer.wait_for(order, "processing")
        begun = time.monotonic()
        self.assertEqual(EXIT_DONE, slow.stop())
        self.assertLess(time.monotonic() - begun, 10)
        slow.configure(PAYMENT="simulated:?latency=10ms&decline=0%")
        slow.start()
        buyer.wait_for(order, "confirmed")
        self.assertEqual((4, 0, 1, 5), slow.stock(thing))

    def test_ctrl_c_stops_it_too(self):
        self.assertEqual(EXIT_DONE, self.shop.stop(signal.SIGINT))
        self.shop.start()


class Refused(unittest.TestCase):
    """Starts that must not succeed: exit code 3 and one line that says why."""

    def start(self, folder, port, **settings):
        second = shop.Shop(folder=folder, port=port, start=False, **settings)
        self.addCleanup(second.close)
        done = subprocess.run([shop.BINARY, "serve"], env=second.environment(), cwd=second.root, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20, check=False)
        return done.returncode, done.stderr

    def test_a_second_server_on_the_same_folder(self):
        first = shop.Shop()
        self.addCleanup(first.close)
        code, said = self.start(first.folder, shop.free_port())
        self.assertEqual(EXIT_CANNOT_RUN, code, said)
        self.assertIn(first.folder, said)
        self.assertEqual(200, first.get("/readyz").status)
        first.product()

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", shop.free_port()))
            taken.listen()
            port = taken.getsockname()[1]
            code, said = self.start(None, port)
        self.assertEqual(EXIT_CANNOT_RUN, code, said)
        self.assertIn(str(port), said)

    def test_a_folder_that_cannot_be_written(self):
        for folder in ("/proc/scalemart", "/dev/null/scalemart"):
            code, said = self.start(folder, shop.free_port())
            self.assertEqual(EXIT_CANNOT_RUN, code, said)
            self.assertIn(os.path.dirname(folder), said)

    def test_wrong_values_are_named(self):
        wrong = {
            "LISTEN": ("nonsense", "127.0.0.1", "127.0.0.1:99999", ":x"), "DATABASE": ("mongodb://x", "nonsense"),
            "REDIS": ("redis://x",), "ADMIN_EMAIL": ("nobody",), "ADMIN_PASSWORD": ("short",),
            "JWT_SECRET": ("short", "secret" * 6, "a" * 40, "your-256-bit-secret-your-256-bit-secret", "0123456789" * 4),
            "RATE_LIMIT_FLASH_BUY": ("10", "10/", "ten/60s", "0/60s", "10/60s,burst=0"), "RATE_LIMIT_LOGIN": ("-1/60s",),
            "RATE_LIMIT_REGISTER": ("10/60",), "RATE_LIMIT_DEFAULT": ("1/0s",), "TRUSTED_PROXIES": ("10.0.0.0/33", "proxy.test"),
            "CONNECTIONS_PER_ADDRESS": ("0", "-1", "x"), "PAYMENT": ("cash:", "simulated:?latency=x", "simulated:?decline=200%"),
            "WORKERS": ("-1", "1.5", "1000"), "HOLD": ("10", "0s", "-5m", "10 minutes"), "SMTP": ("mail.test", "http://x"),
            "LOG": ("loud",), "TLS_CERT": ("/nowhere.pem",), "BODY_MAX": ("1", "lots"), "QUEUE_MAX": ("0",),
            "CORS_ORIGINS": ("shop.example",),
        }
        for name, values in wrong.items():
            for value in values:
                with self.subTest(variable=name, value=value):
                    code, said = self.start(None, shop.free_port(), **{name: value})
                    self.assertEqual(EXIT_CANNOT_RUN, code, said)
                    lines = said.strip().splitlines()
                    self.assertEqual(1, len(lines), said)
                    self.assertIn("SCALEMART_" + name, lines[0])
                    if name in ("JWT_SECRET", "ADMIN_PASSWORD"):
                        self.assertNotIn(value, said)

    def test_a_damaged_journal_is_not_served(self):
        broken = shop.Shop()
        self.addCleanup(broken.close)
        buyer, thing = broken.register(), broken.product()
        for _ in range(5):
            buyer.buy(thing)
        broken.stop()
        journal = os.path.join(broken.folder, "journal.db")
        with open(journal, "r+b") as file:
            file.seek(0, os.SEEK_END)
            size = file.tell()
            for offset in range(4096, size, 512):
                file.seek(offset)
                file.write(b"\xa5" * 64)
        code, said = self.start(broken.folder, shop.free_port())
        self.assertEqual(EXIT_CANNOT_RUN, code, said)
        self.assertIn("journal", said)

    def test_a_lost_journal_is_not_replaced_by_an_empty_one(self):
        one = shop.Shop()
        self.addCleanup(one.close)
        buyer, thing = one.register(), one.product()
        for _ in range(5):
            buyer.buy(thing)
        wait_until(lambda: len(one.admin.get("/api/admin/orders").json()["data"]) == 5, what="the search has caught up")
        one.kill()  # No snapshot is written: only query.db knows how far the journal went.
        for name in ("journal.db", "journal.db-wal"):
            os.remove(os.path.join(one.folder, name))
        code, said = self.start(one.folder, shop.free_port())
        self.assertEqual(EXIT_CANNOT_RUN, code, said)
        self.assertIn("records are missing", said)

    def test_a_journal_removed_while_it_sells_takes_no_more_buys(self):
        one = shop.Shop()
        self.addCleanup(one.close)
        buyer, thing = one.register(), one.product()
        told = buyer.buy(thing).data["order_id"]
        buyer.wait_for(told, "confirmed")
        for name in ("journal.db", "journal.db-wal"):
            os.remove(os.path.join(one.folder, name))
        answer = buyer.buy(thing)
        self.assertEqual((503, "read_only"), (answer.status, answer.code), answer)
        self.assertIn("journal.db was removed or replaced", one.get("/readyz").body.decode())
        wait_until(lambda: [line for line in one.logs() if line["event"] == "journal_removed"], what="the log says so")
        # What was answered is still in the process, and a backup rescues it.
        rescued = os.path.join(one.root, "rescued")
        one.cli("backup", rescued)
        one.kill()
        saved = shop.Shop(start=False)
        self.addCleanup(saved.close)
        saved.cli("restore", rescued)
        saved.start()
        self.assertEqual("confirmed", saved.login(buyer.email, shop.BUYER_PASSWORD).order(told)["status"])

    def test_a_journal_that_lost_its_end_is_not_served(self):
        one = shop.Shop()
        self.addCleanup(one.close)
        buyer, thing = one.register(), one.product()
        for _ in range(20):
            buyer.buy(thing)
        wait_until(lambda: len(one.admin.get("/api/admin/orders").json()["data"]) == 20, what="the search has caught up")
        one.kill()
        wal = os.path.join(one.folder, "journal.db-wal")
        os.truncate(wal, os.path.getsize(wal) * 2 // 3)
        said = one.verify(expect=EXIT_NO)
        self.assertTrue(any("records are missing" in problem for problem in said["problems"]), said)
        code, said = self.start(one.folder, shop.free_port())
        self.assertEqual(EXIT_CANNOT_RUN, code, said)
        self.assertIn("records are missing", said)


if __name__ == "__main__":
    shop.main()
