"""From a buy to its end, whichever it is; and what an administrator can do on the way."""
import email
import email.utils
import glob
import os
import signal
import time

import shop
from mailbox import Mailbox
from shop import at, in_parallel
from wire import wait_until

PAUSED_HOLD = "1s"


def statuses(order):
    return [change["status"] for change in order["history"]]


class Confirmed(shop.ShopTest):
    """Payments of 10 ms that succeed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer, cls.admin = cls.shop.register("grace"), cls.shop.admin

    def paused_queue(self):
        self.shop.pause_queue()
        self.addCleanup(self.shop.resume_queue)

    def test_a_buy_is_confirmed_with_its_papers(self):
        thing = self.shop.product(total=10, name="A kettle, 1.7 l")
        ticket = self.buyer.buy(thing, 2, key="kettle-1").data
        seen = self.buyer.get(f"/api/orders/{ticket['order_id']}")
        self.assertEqual(200, seen.status)
        order = self.buyer.wait_for(ticket["order_id"], "confirmed")
        self.assertEqual(["pending", "processing", "confirmed"], statuses(order))
        times = [change["at"] for change in order["history"]]
        self.assertEqual(sorted(times), times)
        self.assertEqual((order["created_at"], order["confirmed_at"]), (times[0], times[-1]))
        self.assertIsNone(order["status_reason"])
        self.assertEqual((8, 0, 2, 10), self.shop.stock(thing))
        self.assertEqual(order, self.buyer.get("/api/orders/by-key/kettle-1").data)
        # A retry long after finds the same order.
        again = self.buyer.buy(thing, 2, key="kettle-1")
        self.assertEqual((ticket, "true"), (again.data, again.header("Idempotent-Replayed")))

        invoice = self.buyer.get(f"/api/orders/{order['id']}/invoice.pdf")
        self.assertEqual((200, "application/pdf"), (invoice.status, invoice.header("Content-Type")))
        self.assertTrue(invoice.body.startswith(b"%PDF-") and invoice.body.rstrip().endswith(b"%%EOF"))
        self.assertEqual(invoice.body, self.buyer.get(f"/api/orders/{order['id']}/invoice.pdf").body)

        mail = wait_until(lambda: self.mail_about(order["id"]), what="the mail is in the data folder")
        self.assertEqual(self.buyer.email, email.utils.parseaddr(mail["To"])[1])
        self.assertTrue(mail["Subject"] and mail["From"] and mail["Date"] and mail["Message-ID"])
        mailed = [part.get_payload(decode=True) for part in mail.walk() if part.get_content_type() == "application/pdf"]
        self.assertEqual([invoice.body], mailed)
        # Made anew it is the same: nothing in it depends on when, or by whom, it was asked for.
        for path in glob.glob(os.path.join(self.shop.folder, "invoices", "*", order["id"] + ".pdf")):
            os.remove(path)
        self.assertEqual(mailed, [self.buyer.get(f"/api/orders/{order['id']}/invoice.pdf").body])

    def mail_about(self, order):
        for path in glob.glob(os.path.join(self.shop.folder, "**", "*"), recursive=True):
            if order in os.path.basename(path) and not path.endswith(".pdf") and os.path.isfile(path):
                with open(path, "rb") as file:
                    return email.message_from_bytes(file.read())
        return None

    def test_there_is_no_invoice_before_it_is_confirmed(self):
        self.paused_queue()
        order = self.buyer.buy(self.shop.product()).data["order_id"]
        self.assertError(self.buyer.get(f"/api/orders/{order}/invoice.pdf"), 409, "invalid_state")

    def test_live_streams_tell_the_story(self):
        self.paused_queue()
        thing = self.shop.product(total=5)
        with self.shop.events(f"/api/products/{thing}/events") as stock:
            self.assertEqual((200, "text/event-stream"), (stock.head.status, stock.head.header("Content-Type").split(";")[0]))
            self.assertEqual("no-store", stock.head.header("Cache-Control"))
            self.assertEqual(("stock", 5, 0, 0, "live"), self.stock_event(stock.next()))
            order = self.buyer.buy(thing, 5).data["order_id"]
            stock.until(lambda name, d: (d["available"], d["held"], d["state"]) == (0, 5, "sold_out"))
            with self.shop.events(f"/api/orders/{order}/events", token=self.buyer.token) as changes:
                self.assertEqual("pending", self.order_event(changes.next(), order))
                self.shop.resume_queue()
                seen = changes.until(lambda name, d: d["status"] == "confirmed")
                told = [d["status"] for _, d in seen]
                self.assertEqual([s for s in ("pending", "processing", "confirmed") if s in told], told)
            stock.until(lambda name, d: (d["available"], d["held"], d["sold"]) == (0, 0, 5))
            self.shop.restock(thing, 2)
            stock.until(lambda name, d: (d["available"], d["state"]) == (2, "live"))

    def stock_event(self, event):
        name, data = event
        return name, data["available"], data["held"], data["sold"], data["state"]

    def order_event(self, event, order):
        name, data = event
        self.assertEqual("order", name)
        self.assertEqual(order, data.get("id", data.get("order_id")))
        return data["status"]

    def test_many_viewers_see_the_same_end(self):
        thing = self.shop.product(total=30)
        streams = [self.shop.events(f"/api/products/{thing}/events") for _ in range(60)]
        for s in streams:
            self.addCleanup(s.connection.close)
            self.assertEqual(30, s.next()[1]["available"])
        for _ in range(3):
            self.assertEqual(200, self.buyer.buy(thing, 10).status)
        for s in streams:
            s.until(lambda name, d: (d["sold"], d["state"]) == (30, "sold_out"))

    def test_the_console_stream_beats_once_a_second(self):
        with self.shop.events("/api/admin/events", token=self.admin.token) as events:
            first, _ = events.next(), events.next()
            self.assertIn("accepted", first[1])

    def test_cancel_returns_the_stock_once(self):
        self.paused_queue()
        thing = self.shop.product(total=3)
        order = self.buyer.buy(thing, 3).data["order_id"]
        self.assertEqual((0, 3, 0, 3), self.shop.stock(thing))

        def cancel(_):
            with self.shop.connect() as c:
                return c.request("POST", f"/api/orders/{order}/cancel", token=self.buyer.token)
        answers = in_parallel(10, cancel)
        self.assertEqual([200] + [409] * 9, sorted(a.status for a in answers))
        self.assertEqual((3, 0, 0, 3), self.shop.stock(thing))
        self.assertError(self.buyer.post(f"/api/orders/{order}/cancel"), 409, "invalid_state")
        self.assertEqual((3, 0, 0, 3), self.shop.stock(thing))
        after = self.buyer.order(order)
        self.assertEqual(("cancelled", "cancelled_by_buyer", ["pending", "cancelled"]),
                         (after["status"], after["status_reason"], statuses(after)))
        self.shop.resume_queue()
        self.assertEqual("confirmed", self.buyer.wait_for(self.buyer.buy(thing).data["order_id"], "confirmed")["status"])
        self.assertEqual("cancelled", self.buyer.order(order)["status"])
        self.assertConserved(thing)

    def test_a_refund_returns_the_stock_once(self):
        thing = self.shop.product(total=2, per_user_limit=2)
        order = self.buyer.buy(thing, 2).data["order_id"]
        self.buyer.wait_for(order, "confirmed")
        self.assertError(self.buyer.buy(thing), 400, "out_of_stock")
        for _ in range(3):
            self.assertIn(self.admin.post(f"/api/admin/orders/{order}/refund").status, (200, 409))
        after = self.buyer.order(order)
        self.assertEqual(("refunded", ["pending", "processing", "confirmed", "refunded"]), (after["status"], statuses(after)))
        self.assertEqual((2, 0, 0, 2), self.shop.stock(thing))
        self.assertEqual(200, self.buyer.buy(thing, 2).status, "the allowance came back too")
        self.assertEqual("application/pdf", self.buyer.get(f"/api/orders/{order}/invoice.pdf").header("Content-Type"))

    def test_only_what_is_confirmed_is_refunded(self):
        self.paused_queue()
        order = self.buyer.buy(self.shop.product()).data["order_id"]
        self.assertError(self.admin.post(f"/api/admin/orders/{order}/refund"), 409, "invalid_state")
        self.assertError(self.admin.post("/api/admin/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV/refund"), 404, "order_not_found")

    def test_orders_are_listed_newest_first_in_pages(self):
        buyer, thing = self.shop.register(), self.shop.product()
        made = [buyer.buy(thing).data["order_id"] for _ in range(7)]
        self.assertEqual(made[::-1], [o["id"] for o in buyer.get("/api/orders").data])
        seen, path, pages = [], "/api/orders?limit=3", 0
        while path:
            page = buyer.get(path).json()
            seen += [o["id"] for o in page["data"]]
            pages += 1
            path = page["next_cursor"] and f"/api/orders?limit=3&cursor={page['next_cursor']}"
        self.assertEqual((made[::-1], 3), (seen, pages))
        # A new order does not disturb who is in the middle of the list.
        cursor = buyer.get("/api/orders?limit=3").json()["next_cursor"]
        buyer.buy(thing)
        self.assertEqual(made[::-1][3:6], [o["id"] for o in buyer.get(f"/api/orders?limit=3&cursor={cursor}").data])

    def test_caps_hold_and_come_back(self):
        self.paused_queue()
        thing, other = self.shop.product(per_user_limit=3), self.shop.product(per_user_limit=3)
        buyer = self.shop.register()
        first = buyer.buy(thing, 2).data["order_id"]
        self.assertError(buyer.buy(thing, 2), 409, "purchase_limit")
        self.assertEqual(200, buyer.buy(thing, 1).status)
        self.assertError(buyer.buy(thing), 409, "purchase_limit")
        self.assertEqual(200, buyer.buy(other, 3).status, "a cap is a product's")
        self.assertEqual(200, buyer.post(f"/api/orders/{first}/cancel").status)
        self.assertError(buyer.buy(thing, 3), 409, "purchase_limit")
        self.assertEqual(200, buyer.buy(thing, 2).status)

    def test_a_sale_opens_and_closes_by_the_clock(self):
        thing = self.shop.product(starts_at=at(1.0), ends_at=at(2.2))
        self.assertError(self.buyer.buy(thing), 409, "sale_not_started")
        with self.shop.events(f"/api/products/{thing}/events") as stock:
            self.assertEqual("scheduled", stock.next()[1]["state"])
            stock.until(lambda name, d: d["state"] == "live", 4)
            self.assertEqual(200, self.buyer.buy(thing).status)
            stock.until(lambda name, d: d["state"] == "ended", 4)
        self.assertError(self.buyer.buy(thing), 409, "sale_ended")

    def test_nobody_buys_before_the_start(self):
        start = time.time() + 1.0
        thing = self.shop.product(starts_at=at(1.0))
        won = wait_until(lambda: (a := self.buyer.buy(thing)).status == 200 and (time.time(), a), 5, every=0.005)
        self.assertGreaterEqual(won[0], start - 0.002)
        self.assertLess(won[0], start + 0.5)
        self.assertGreaterEqual(self.buyer.order(won[1].data["order_id"])["created_at"],
                                self.shop.get(f"/api/products/{thing}").data["starts_at"])

    def test_pause_resume_and_change_of_price(self):
        thing = self.shop.product(total=5)
        path = f"/api/admin/products/{thing}"
        self.assertEqual("paused", self.admin.post(path + "/pause").data["state"])
        self.assertError(self.buyer.buy(thing), 409, "sale_paused")
        self.assertEqual("paused", self.admin.post(path + "/pause").data["state"])
        self.assertEqual("live", self.admin.post(path + "/resume").data["state"])
        before = self.buyer.buy(thing).data
        changed = self.admin.send("PATCH", path, {"sale_price_minor": 500, "name": "Cheaper", "list_price_minor": 1999})
        self.assertEqual((200, 500, "Cheaper"), (changed.status, changed.data["sale_price_minor"], changed.data["name"]))
        after = self.buyer.buy(thing).data
        self.assertEqual((1999, 500), (before["total_minor"], after["total_minor"]))
        self.assertEqual(1999, self.buyer.order(before["order_id"])["unit_price_minor"])
        self.assertIsNone(self.admin.send("PATCH", path, {"list_price_minor": None}).data["list_price_minor"])
        self.assertEqual("Cheaper", self.shop.get(f"/api/products/{thing}").data["name"])

    def test_restock_makes_a_sold_out_product_live_again(self):
        thing = self.shop.product(total=1)
        self.buyer.wait_for(self.buyer.buy(thing).data["order_id"], "confirmed")
        self.assertEqual("sold_out", self.shop.get(f"/api/products/{thing}").data["state"])
        self.assertIs(True, self.assertError(self.buyer.buy(thing), 400, "out_of_stock")["final"])
        added = self.shop.restock(thing, 5, "a van came")
        self.assertEqual((200, "live", 5, 6), (added.status, added.data["state"], added.data["available"], added.data["total"]))
        self.assertEqual(200, self.buyer.buy(thing, 3).status)
        self.assertError(self.shop.restock(thing, -3), 409, "invalid_state")
        self.assertEqual(200, self.shop.restock(thing, -2).status)
        self.assertError(self.buyer.buy(thing), 400, "out_of_stock")
        self.assertEqual(4, self.assertConserved(thing)[3])

    def test_parallel_restocks_add_up(self):
        thing = self.shop.product(total=0)
        self.assertEqual("sold_out", self.shop.get(f"/api/products/{thing}").data["state"])

        token = self.admin.token

        def add(_):
            with self.shop.connect() as c:
                for _ in range(10):
                    c.request("POST", f"/api/admin/products/{thing}/stock", {"delta": 1, "reason": "r"}, token=token)
        in_parallel(8, add)
        self.assertEqual((80, 0, 0, 80), self.shop.stock(thing))

    def test_a_removed_product_is_gone_and_its_orders_stay(self):
        self.paused_queue()
        thing = self.shop.product(name="Short-lived")
        order = self.buyer.buy(thing).data["order_id"]
        path = f"/api/admin/products/{thing}"
        self.assertError(self.admin.send("DELETE", path), 409, "invalid_state")
        self.shop.resume_queue()
        self.buyer.wait_for(order, "confirmed")
        self.assertEqual(204, self.admin.send("DELETE", path).status)
        self.assertError(self.buyer.buy(thing), 404, "product_not_found")
        self.assertError(self.shop.get(f"/api/products/{thing}"), 404, "product_not_found")
        self.assertError(self.admin.send("DELETE", path), 404, "product_not_found")
        self.assertNotIn(thing, [p["id"] for p in self.shop.get("/api/products").data])
        self.assertEqual(thing, self.buyer.order(order)["product_id"])
        self.assertEqual(200, self.buyer.get(f"/api/orders/{order}/invoice.pdf").status)
        again = {"id": thing, "name": "Again", "total": 1, "sale_price_minor": 1}
        self.assertEqual(409, self.admin.post("/api/admin/products", again).status, "an id is never another product")

    def test_a_product_id_is_taken_once(self):
        thing = self.shop.product()
        body = {"id": thing, "name": "Again", "total": 1, "sale_price_minor": 1}
        self.assertEqual((409, "product_exists"), ((a := self.admin.post("/api/admin/products", body)).status, a.code))

    def test_the_archive_finds_orders(self):
        buyer, thing = self.shop.register(), self.shop.product(name='=HYPERLINK("http://evil.test")')
        order = buyer.buy(thing, 4).data["order_id"]
        buyer.wait_for(order, "confirmed")
        for query in (f"product_id={thing}", f"q={order}", f"q={order[:20]}", f"q={buyer.email.replace('@', '%40')}", f"q={buyer.id}",
                      f"status=confirmed&product_id={thing}"):
            with self.subTest(query=query):
                found = wait_until(lambda: self.admin.get(f"/api/admin/orders?{query}").data, 5, what="the archive has caught up")
                self.assertEqual([order], [o["id"] for o in found])
        self.assertEqual([], self.admin.get(f"/api/admin/orders?status=failed&product_id={thing}").data)
        found = self.admin.get(f"/api/admin/orders/{order}").data
        self.assertEqual((buyer.id, "confirmed"), (found["buyer_id"], found["status"]))
        self.assertTrue(found["payment_reference"])
        csv = self.admin.get(f"/api/admin/orders.csv?product_id={thing}")
        self.assertEqual("text/csv; charset=utf-8", csv.header("Content-Type"))
        self.assertIn(order, csv.body.decode())
        for line in csv.body.decode().splitlines():
            for cell in line.split(","):
                self.assertNotIn(cell.strip('"')[:1], ("=", "+", "@"), line)

    def test_the_audit_says_who_did_what(self):
        thing = self.shop.product()
        self.shop.restock(thing, 7, "counted again")
        rows = wait_until(lambda: [r for r in self.admin.get("/api/admin/audit?limit=50").data
                                   if r["target"] == thing and "stock" in r["what"]])
        row = rows[0]
        self.assertEqual((self.admin.id, "127.0.0.1", 7), (row["who"], row["from"], row["after"]["delta"]))
        numbers = [r["sequence"] for r in self.admin.get("/api/admin/audit?limit=50").data]
        self.assertEqual(sorted(numbers, reverse=True), numbers)

    def test_queue_and_workers_can_be_watched_and_changed(self):
        self.paused_queue()
        self.assertIs(True, self.admin.get("/api/admin/queue").data["paused"])
        thing = self.shop.product()
        orders = [self.buyer.buy(thing).data["order_id"] for _ in range(5)]
        wait_until(lambda: self.admin.get("/api/admin/queue").data["depth"] >= 5)
        worker = self.admin.get("/api/admin/workers").data[0]
        self.assertEqual(200, self.admin.send("PUT", f"/api/admin/workers/{worker['id']}", {"concurrency": 7}).status)
        wait_until(lambda: self.admin.get("/api/admin/workers").data[0]["concurrency"] == 7)
        self.assertEqual(404, self.admin.send("PUT", "/api/admin/workers/nobody", {"concurrency": 7}).status)
        for order in orders:
            self.assertEqual("pending", self.buyer.order(order)["status"])
        self.shop.resume_queue()
        for order in orders:
            self.buyer.wait_for(order, "confirmed")

    def test_stats_say_what_happened(self):
        thing = self.shop.product(total=1)
        before = self.admin.get("/api/admin/stats").data
        order = self.buyer.buy(thing).data["order_id"]
        self.assertError(self.buyer.buy(thing), 400, "out_of_stock")
        self.buyer.wait_for(order, "confirmed")
        after = wait_until(lambda: (s := self.admin.get("/api/admin/stats").data)["confirmed"] > before["confirmed"] and s)
        self.assertEqual(before["accepted"] + 1, after["accepted"])
        self.assertEqual(before["refused"].get("out_of_stock", 0) + 1, after["refused"]["out_of_stock"])
        self.assertEqual(0, after["drift"])
        for name in ("accepted", "refused", "confirmed", "revenue", "queue", "latency", "drift"):
            self.assertTrue([key for key in after if key.startswith(name)], f"{name} is missing in {sorted(after)}")


class Ended(shop.ShopTest):
    """Orders that do not end well."""
    settings = {"PAYMENT": "simulated:?latency=10ms&decline=100%"}

    def test_declined_payments_return_the_stock_once(self):
        buyer, thing = self.shop.register(), self.shop.product(total=10, per_user_limit=5)
        orders = [buyer.buy(thing, 1, key=f"declined-{i}").data["order_id"] for i in range(5)]
        for order in orders:
            after = buyer.wait_for(order, "failed")
            self.assertEqual(("payment_declined", ["pending", "processing", "failed"]), (after["status_reason"], statuses(after)))
            self.assertIsNone(after["confirmed_at"])
        self.assertEqual((10, 0, 0, 10), self.shop.stock(thing))
        self.assertEqual(200, buyer.buy(thing, 5).status, "the allowance came back")
        wait_until(lambda: self.shop.stock(thing) == (10, 0, 0, 10))
        # A key names its order, also a failed one: no second attempt hides behind a retry.
        replay = buyer.buy(thing, 1, key="declined-0")
        self.assertEqual(("true", orders[0]), (replay.header("Idempotent-Replayed"), replay.data["order_id"]))
        self.assertError(buyer.post(f"/api/orders/{orders[0]}/cancel"), 409, "invalid_state")
        self.assertError(buyer.get(f"/api/orders/{orders[0]}/invoice.pdf"), 409, "invalid_state")
        self.assertError(self.shop.admin.post(f"/api/admin/orders/{orders[0]}/refund"), 409, "invalid_state")
        self.assertEqual((10, 0, 0, 10), self.shop.stock(thing))
        self.assertEqual(0, self.shop.verify()["drift"])

    def test_a_hold_expires_while_unpaid_and_survives_a_restart(self):
        short = self.own_shop(HOLD=PAUSED_HOLD)
        short.pause_queue()
        buyer, thing = short.register(), short.product(total=2, per_user_limit=2)
        order = buyer.buy(thing, 2).data["order_id"]
        self.assertIs(False, self.assertError(short.register().buy(thing), 400, "out_of_stock")["final"])
        begun = time.monotonic()
        after = buyer.wait_for(order, "expired")
        self.assertTrue(0.5 < time.monotonic() - begun < 4)
        self.assertEqual(("hold_expired", ["pending", "expired"]), (after["status_reason"], statuses(after)))
        self.assertEqual((2, 0, 0, 2), short.stock(thing))
        late = buyer.buy(thing, 2).data["order_id"]
        short.kill()  # the hold lapses while nobody is there, and the queue's pause is no part of the ledger
        time.sleep(1.2)
        short.start()
        self.assertIn(buyer.wait_for(late, "expired", "confirmed", "failed")["status"], ("expired", "confirmed", "failed"))
        self.assertEqual("expired", buyer.order(order)["status"])
        available, held, sold, total = short.stock(thing)
        self.assertEqual((2, 0), (available + held + sold, held))
        self.assertEqual(0, short.verify()["drift"])

    def test_a_hold_never_expires_while_its_payment_is_under_way(self):
        slow = self.own_shop(HOLD="1s", PAYMENT="simulated:?latency=2500ms&decline=0%")
        buyer, thing = slow.register(), slow.product(total=1)
        order = buyer.buy(thing).data["order_id"]
        buyer.wait_for(order, "processing")
        self.assertError(buyer.post(f"/api/orders/{order}/cancel"), 409, "invalid_state")
        after = buyer.wait_for(order, "confirmed", "expired")
        self.assertEqual(["pending", "processing", "confirmed"], statuses(after))
        self.assertEqual((0, 0, 1, 1), slow.stock(thing))


class NoWorkers(shop.ShopTest):
    settings = {"WORKERS": 0}

    def test_orders_wait_for_a_worker(self):
        buyer, thing = self.shop.register(), self.shop.product()
        self.assertEqual([], self.shop.admin.get("/api/admin/workers").data)
        order = buyer.buy(thing).data["order_id"]
        wait_until(lambda: self.shop.admin.get("/api/admin/queue").data["depth"] == 1)
        self.assertEqual("pending", buyer.order(order)["status"])
        self.shop.restart(WORKERS=2)
        self.assertEqual(2, len(self.shop.admin.get("/api/admin/workers").data))
        buyer.wait_for(order, "confirmed")


class DeadLetters(shop.ShopTest):
    settings = {"PAYMENT": "simulated:?latency=10ms&decline=0%&reject=100%"}

    def dead(self, one=None):
        letters = (one or self.shop).admin.get("/api/admin/queue/dead").data
        return {letter["order_id"]: letter for letter in letters}

    def test_retry_and_discard(self):
        buyer, thing = self.shop.register(), self.shop.product(total=4, per_user_limit=4)
        first, second, third = (buyer.buy(thing).data["order_id"] for _ in range(3))
        letters = wait_until(lambda: len(d := self.dead()) == 3 and d)
        for letter in letters.values():
            self.assertEqual(("payment", thing, buyer.id), (letter["step"], letter["product_id"], letter["buyer_id"]))
            self.assertTrue(letter["reason"] and letter["since"])
        wait_until(lambda: self.shop.admin.get("/api/admin/queue").data["dead_letters"] == 3)
        wait_until(lambda: self.shop.metrics()["scalemart_dead_letters"] == 3)
        self.assertEqual((1, 3, 0, 4), self.shop.stock(thing), "what is not known keeps its units")

        path = "/api/admin/queue/dead/{}/{}"
        self.assertEqual(200, self.shop.admin.post(path.format(first, "discard")).status)
        gone = buyer.order(first)
        self.assertEqual(("failed", "discarded_by_admin"), (gone["status"], gone["status_reason"]))
        for what in ("discard", "retry"):
            self.assertError(self.shop.admin.post(path.format(first, what)), 404, "order_not_found")
        self.assertError(self.shop.admin.post(path.format("01ARZ3NDEKTSV4RRFFQ69G5FAV", "retry")), 404, "order_not_found")
        self.assertEqual((2, 2, 0, 4), self.shop.stock(thing), "its unit came back once")

        # In vain: it comes back to the dead letters.
        self.assertEqual(200, self.shop.admin.post(path.format(second, "retry")).status)
        wait_until(lambda: second in self.dead())
        # They survive kill -9, and with a provider that works a retry succeeds.
        self.shop.restart(signal.SIGKILL, PAYMENT="simulated:?latency=10ms&decline=0%")
        self.assertEqual({second, third}, set(self.dead()))
        for order in (second, third):
            self.assertEqual(200, self.shop.admin.post(path.format(order, "retry")).status)
            self.assertEqual("confirmed", buyer.wait_for(order, "confirmed")["status"])
        self.assertEqual({}, self.dead())
        self.assertEqual((2, 0, 2, 4), self.shop.stock(thing))
        self.assertEqual(0, self.shop.verify()["drift"])

    def test_mails_go_out_by_smtp_and_refused_ones_wait_for_a_person(self):
        box = Mailbox(refuse=True)
        self.addCleanup(box.close)
        mailing = self.own_shop(SMTP=box.url, SMTP_FROM="orders@shop.test", PAYMENT="simulated:?latency=10ms&decline=0%",
                                SHOP_NAME="The Test Shop")
        buyer, thing = mailing.register(), mailing.product(name="Bcc: trap@evil.test \U0001f680 ä")
        first, second = (buyer.buy(thing).data["order_id"] for _ in range(2))
        letters = wait_until(lambda: len(d := self.dead(mailing)) == 2 and d)
        self.assertEqual({"mail"}, {letter["step"] for letter in letters.values()})
        self.assertEqual("confirmed", buyer.order(first)["status"], "the sale stands whatever becomes of its mail")
        box.refuse = False
        self.assertEqual(200, mailing.admin.post(f"/api/admin/queue/dead/{first}/retry").status)
        self.assertEqual(200, mailing.admin.post(f"/api/admin/queue/dead/{second}/discard").status)
        wait_until(lambda: box.mails)
        wait_until(lambda: not self.dead(mailing))
        self.assertEqual("confirmed", buyer.order(second)["status"])
        mail, = box.mails
        self.assertEqual((["<%s>" % buyer.email], "<orders@shop.test>"), (mail["to"], mail["from"].split(" ")[0]))
        parsed = email.message_from_bytes(mail["data"])
        self.assertEqual((buyer.email, None), (email.utils.parseaddr(parsed["To"])[1], parsed["Bcc"]))
        self.assertIn(first, mail["data"].decode(errors="replace"))


if __name__ == "__main__":
    shop.main()
