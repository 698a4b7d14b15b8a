"""Several gateways and workers over one database and one Redis: sold once, settled once, seen and steered from anywhere."""
import os
import queue
import signal
import threading
import time

import fleet
from wire import wait_until


class Selling(fleet.FleetTest):
    settings = {"WORKERS": 1}
    members = ("left", "right")

    def test_a_crowd_at_both_gateways_gets_exactly_the_stock(self):
        total, tokens = 300, self.shop.seeds(400)
        thing = self.shop.product(total=total)
        wait_until(lambda: self.gateways[1].get(f"/api/products/{thing}").status == 200, what="the other one knows it")
        waiting, answers = queue.SimpleQueue(), queue.SimpleQueue()
        for number, token in enumerate(tokens):
            waiting.put((number, token))

        def crowd():
            while True:
                try:
                    number, token = waiting.get_nowait()
                except queue.Empty:
                    return
                answer = self.gateways[number % 2].post("/api/flash-buy", {"product_id": thing}, token=token)
                answers.put((token, answer))
        threads = [threading.Thread(target=crowd) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answered = [answers.get_nowait() for _ in range(len(tokens))]
        sold = [(token, answer.data["order_id"]) for token, answer in answered if answer.status == 200]
        refused = [(answer.status, answer.code) for _, answer in answered if answer.status != 200]
        self.assertEqual(total, len(sold))
        self.assertEqual({(400, "out_of_stock")}, set(refused))
        for gateway in self.gateways:
            wait_until(lambda g=gateway: g.stock(thing) == (0, 0, total, total), 60,
                       what=lambda g=gateway: f"all are sold: {g.stock(thing)}")
        for number, (token, order) in enumerate(sold):
            seen = self.ask(self.gateways[number % 2], "GET", f"/api/orders/{order}", token)
            told = [change["status"] for change in seen["history"]]
            self.assertEqual(("confirmed", 1, 1), (seen["status"], told.count("processing"), told.count("confirmed")))
        report = self.shop.verify()
        self.assertEqual((True, 0), (report["ok"], report["drift"]), report)

    def test_every_console_shows_all_workers_and_what_they_did(self):
        self.assert_settled_once(self.buy(60))
        for gateway in self.gateways:
            wait_until(lambda g=gateway: len(self.names(g)) == 4, what=lambda g=gateway: f"four, not {self.names(g)}")
        self.assertEqual(self.names(self.gateways[0]), self.names(self.gateways[1]))
        workers = self.ask(self.gateways[1], "GET", "/api/admin/workers", self.shop.admin.token)
        self.assertEqual(["process", "process", "server", "server"], sorted(w["place"] for w in workers))
        self.assertEqual({w.process.pid for w in self.workers} | {g.process.pid for g in self.gateways},
                         {w["pid"] for w in workers})
        self.assertTrue({"left", "right"} < {w["id"] for w in workers})
        for gateway in self.gateways:
            seen = lambda g=gateway: self.queue(g)
            wait_until(lambda s=seen: s()["stages"][1]["finished"] >= 60 and s()["depth"] == 0, what=seen)
            self.assertFalse(seen()["away"])
            self.assertTrue(seen()["recent"])

    def test_an_order_of_one_gateway_is_followed_at_the_other(self):
        slow = self.shop.product(total=5)
        wait_until(lambda: self.gateways[1].get(f"/api/products/{slow}").status == 200, what="the other one knows it")
        buyer = self.buyers[0]
        self.shop.pause_queue()
        try:
            order = buyer.buy(slow).data["order_id"]
            with self.gateways[1].events(f"/api/orders/{order}/events", token=buyer.token) as changes, \
                    self.gateways[1].events(f"/api/products/{slow}/events") as stock:
                self.assertEqual("pending", changes.next()[1]["status"])
                stock.until(lambda _, data: data["available"] == 4)
                self.shop.resume_queue()
                changes.until(lambda _, data: data["status"] == "confirmed")
                stock.until(lambda _, data: data["sold"] == 1)
        finally:
            self.shop.resume_queue()


class Steering(fleet.FleetTest):
    settings = {"WORKERS": 0}
    members = ("led", "twin")

    def test_pausing_at_one_gateway_stops_all_workers(self):
        here, there = self.gateways
        self.assert_settled_once(self.buy(4))
        here.pause_queue()
        wait_until(lambda: self.queue(there)["paused"], what="the other console says so too")
        orders = self.buy(10)
        time.sleep(1)
        self.assertEqual({"pending"}, {self.status(there, i, o) for i, o in enumerate(orders)})
        wait_until(lambda: self.queue(there)["stages"][0]["waiting"] == 10, what=lambda: self.queue(there))
        self.ask(there, "POST", "/api/admin/queue/resume", self.shop.admin.token)
        self.assert_settled_once(orders)
        wait_until(lambda: not self.queue(here)["paused"] and self.queue(here)["depth"] == 0, what=lambda: self.queue(here))

    def test_concurrency_is_set_from_any_console(self):
        here, there = self.gateways
        admin = self.shop.admin.token
        self.assertEqual({"id": "led", "concurrency": 3},
                         self.ask(there, "PUT", "/api/admin/workers/led", admin, {"concurrency": 3}))
        concurrency = lambda: {w["id"]: w["concurrency"] for w in self.ask(here, "GET", "/api/admin/workers", admin)}
        wait_until(lambda: concurrency() == {"led": 3, "twin": 10000}, what=concurrency)
        time.sleep(1.2)
        self.assertEqual(3, concurrency()["led"], "it is said once and stays")
        refused = here.request("PUT", "/api/admin/workers/nobody", {"concurrency": 3}, token=admin)
        self.assertError(refused, 404, "not_found")
        self.ask(here, "PUT", "/api/admin/workers/led", admin, {"concurrency": 10000})
        wait_until(lambda: concurrency()["led"] == 10000, what=concurrency)

    def test_two_of_one_name_are_told_apart(self):
        second = fleet.Worker(self.shop, "twin", DATA=os.path.join(self.shop.root, "data-second"))
        self.addCleanup(second.stop)
        wait_until(lambda: self.names(self.gateways[1]) == ["led", "twin", "twin-2"],
                   what=lambda: f"two twins: {self.names(self.gateways[1])}")
        self.assertEqual(0, second.stop())
        wait_until(lambda: self.names(self.gateways[1]) == ["led", "twin"], what="it said goodbye")


class Deaths(fleet.FleetTest):
    settings = {"WORKERS": 0, "WORKER_LEASE": "2s"}

    def in_flight(self, worker, count):
        return wait_until(lambda: (v := worker.view()) and v["in_flight"] >= count, what=f"{worker.name} has orders")

    def test_a_killed_workers_orders_go_to_another(self):
        victim = self.worker("victim", PAYMENT=self.bank("3s"))
        orders = self.buy(100)
        self.in_flight(victim, 100)
        victim.send(signal.SIGKILL)
        victim.wait()
        self.worker("heir", PAYMENT=self.bank("20ms"))
        self.assert_settled_once(orders)
        wait_until(lambda: self.names(self.gateways[1]) == ["heir"], what="the dead one is not shown any more")

    def test_a_frozen_worker_that_wakes_up_settles_nothing_twice(self):
        frozen = self.worker("frozen", PAYMENT=self.bank("2s"))
        orders = self.buy(40)
        self.in_flight(frozen, 40)
        frozen.send(signal.SIGSTOP)
        time.sleep(3)
        self.worker("heir", PAYMENT=self.bank("1s"))
        self.in_flight(self.fleet.workers[-1], 1)
        frozen.send(signal.SIGCONT)
        self.assert_settled_once(orders)

    def test_sigterm_gives_back_what_does_not_end_in_time(self):
        slow = self.worker("slow", PAYMENT=self.bank("25s"), WORKER_LEASE="10m")
        orders = self.buy(30)
        self.in_flight(slow, 30)
        began = time.monotonic()
        self.assertEqual(0, slow.stop())
        self.assertLess(time.monotonic() - began, 9.5)
        self.assertIn('"event":"worker_stopped","given_back":30', slow.text())
        self.worker("quick", PAYMENT=self.bank("20ms"), WORKER_LEASE="10m")
        self.assert_settled_once(orders, 20)

    def test_a_worker_outlives_a_database_that_is_away(self):
        worker = self.worker("patient", PAYMENT=self.bank("300ms"))
        orders = self.buy(50)
        self.in_flight(worker, 1)
        self.fleet.database.kill()
        time.sleep(3)
        self.assertIsNone(worker.process.poll(), worker.text())
        self.fleet.database.start()
        self.assert_settled_once(orders)
        self.assertIsNone(worker.process.poll(), worker.text())

    def test_a_killed_gateway_leaves_nothing_behind(self):
        doomed = self.fleet.gateway()
        buyer, thing = self.buyers[0], self.shop.product(total=100)
        wait_until(lambda: doomed.get(f"/api/products/{thing}").status == 200, what="it knows the product")
        orders = []
        for i in range(100):
            answer = doomed.post("/api/flash-buy", {"product_id": thing}, token=self.buyers[i % 4].token)
            self.assertEqual(200, answer.status, answer)
            orders.append(answer.data["order_id"])
        doomed.kill()
        self.worker("later")
        self.assert_settled_once(orders)
        self.assertTrue(buyer)


class DeadLetters(fleet.FleetTest):
    settings = {"WORKERS": 0}

    def letters(self, gateway, query=""):
        return gateway.request("GET", "/api/admin/queue/dead" + query, token=self.shop.admin.token).json()

    def test_they_are_listed_tried_again_and_given_up_at_any_gateway(self):
        here, there = self.gateways
        broken = self.worker("broken", PAYMENT=self.bank("10ms", "reject=100%"))
        orders = self.buy(20)
        wait_until(lambda: len(self.letters(there)["data"]) == 20, 30, what=lambda: self.letters(there))
        wait_until(lambda: self.queue(here)["dead_letters"] == 20, what=lambda: self.queue(here))
        self.assertEqual(0, broken.stop())
        first = self.letters(here, "?limit=15")
        rest = self.letters(there, f"?limit=15&cursor={first['next_cursor']}")
        self.assertEqual(orders, [row["order_id"] for row in first["data"] + rest["data"]])
        self.assertIsNone(rest["next_cursor"])
        self.assertEqual([], self.letters(here, "?step=mail")["data"])
        self.assertEqual(20, len(self.letters(here, f"?step=payment&product_id={self.thing}&reason=rejected")["data"]))

        self.worker("whole", PAYMENT=self.bank("10ms"))
        post = lambda gateway, path, body=None: gateway.request("POST", path, body, token=self.shop.admin.token)
        retried = post(there, f"/api/admin/queue/dead/{orders[0]}/retry")
        self.assertEqual(200, retried.status, retried)
        wait_until(lambda: self.status(here, 0, orders[0]) == "confirmed", what="it was paid at last")
        self.assertError(post(here, f"/api/admin/queue/dead/{orders[0]}/retry"), 404, "order_not_found")
        self.assertError(post(here, "/api/admin/queue/dead/01ARZ3NDEKTSV4RRFFQ69G5FAV/discard"), 404, "order_not_found")
        discarded = post(here, f"/api/admin/queue/dead/{orders[1]}/discard")
        self.assertEqual(("failed", "discarded_by_admin"), (discarded.data["status"], discarded.data["status_reason"]))
        many = post(there, "/api/admin/queue/dead/discard", {"order_ids": orders[2:10]})
        self.assertEqual((8, 0), (many.data["done"], many.data["failed"]), many)
        many = post(here, "/api/admin/queue/dead/retry", {"all": True})
        self.assertEqual((10, 0), (many.data["done"], many.data["failed"]), many)
        for gateway in self.gateways:
            wait_until(lambda g=gateway: g.stock(self.thing) == (9, 0, 11, 20), what=lambda g=gateway: g.stock(self.thing))
        self.assertEqual([], self.letters(there)["data"])
        with open(self.shop.book, encoding="ascii") as file:
            book = file.read().split("\n")
        self.assertEqual((1, 10, 9), (book.count(f"charged {orders[0]}"),
                                      sum(book.count(f"charged {order}") for order in orders[10:]),
                                      sum(book.count(f"cancelled {order}") for order in orders[1:10])))
        self.assertEqual(0, self.shop.verify()["drift"])


    def test_two_consoles_that_settle_the_same_ones_at_once(self):
        broken = self.worker("spoilt", PAYMENT=self.bank("10ms", "reject=100%"))
        orders = self.buy(12)
        wait_until(lambda: len(self.letters(self.gateways[1])["data"]) == 12, 30, what=lambda: self.letters(self.gateways[1]))
        self.assertEqual(0, broken.stop())
        self.worker("sound", PAYMENT=self.bank("10ms"))
        for order in orders:
            answers = fleet.shop.in_parallel(6, lambda i, o=order: self.gateways[i % 2].request(
                "POST", f"/api/admin/queue/dead/{o}/{'retry' if i < 3 else 'discard'}", token=self.shop.admin.token))
            done = sum(answer.status == 200 for answer in answers)
            self.assertLessEqual(done, 1, answers)
            if not done:  # each saw the other and let go: the next one has its way
                wait_until(lambda o=order: self.gateways[0].request("POST", f"/api/admin/queue/dead/{o}/discard",
                                                                    token=self.shop.admin.token).status == 200, what="it is settled")
        wait_until(lambda: self.shop.stock(self.thing)[1] == 0, what=lambda: self.shop.stock(self.thing))
        with open(self.shop.book, encoding="ascii") as file:
            book = file.read().split("\n")
        for i, order in enumerate(orders):
            paid = self.status(self.gateways[1], i, order) == "confirmed"
            self.assertEqual(paid, book.count(f"charged {order}") == 1, order)
        self.assertEqual(0, self.shop.verify()["drift"])


class RedisLost(fleet.FleetTest):
    settings = {"WORKERS": 1, "WORKER_LEASE": "2s"}
    members = ("outside",)

    def test_a_queue_that_forgot_everything_is_filled_again(self):
        orders = self.buy(100)
        self.assertEqual(b"+OK", self.fleet.redis.say("FLUSHALL"))
        orders += self.buy(50)
        self.fleet.redis.say("FLUSHALL")
        self.assert_settled_once(orders)
        wait_until(lambda: len(self.names(self.gateways[1])) == 3, what=lambda: f"three again: {self.names(self.gateways[1])}")

    def test_without_redis_the_console_says_so_and_everything_resumes(self):
        hasty = self.fleet.worker("hasty", "--give-up-after", "1s").wait_until_there()
        self.fleet.redis.kill()
        self.assertEqual(3, hasty.wait())
        self.assertIn("scalemart: worker: gave up: Redis does not answer", hasty.text())
        for gateway in self.gateways:
            wait_until(lambda g=gateway: self.queue(g)["away"], what="the queue is away")
        own = lambda g: [w for w in self.ask(g, "GET", "/api/admin/workers", self.shop.admin.token) if w["pid"] == g.process.pid]
        self.assertEqual(1, len(own(self.gateways[1])), "its own workers are still there")
        told = self.gateways[0].request("PUT", "/api/admin/workers/outside", {"concurrency": 9}, token=self.shop.admin.token)
        self.assertError(told, 503, "unavailable")
        orders = self.buy(20)
        self.ask(self.gateways[0], "POST", "/api/admin/queue/pause", self.shop.admin.token)
        self.ask(self.gateways[0], "POST", "/api/admin/queue/resume", self.shop.admin.token)
        self.fleet.redis.start()
        for gateway in self.gateways:
            wait_until(lambda g=gateway: not self.queue(g)["away"], what="the queue is back")
        self.assert_settled_once(orders)


if __name__ == "__main__":
    fleet.main()
