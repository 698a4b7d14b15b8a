"""What the console asks for: the sale over time, by product, who is limited, many dead letters, who did what."""
import json
import signal
import time

import shop
from apidoc import DOCUMENT, faults, operations
from wire import wait_until


def schema_of(operation_id):
    return next(o for o in operations() if o.id == operation_id).response(200)["content"]["application/json"]["schema"]


class History(shop.ShopTest):
    def history(self, one=None, query=""):
        answer = (one or self.shop).admin.get("/api/admin/history" + query)
        self.assertEqual(200, answer.status, answer)
        self.assertEqual([], faults(answer.json(), schema_of("adminHistory")))
        data = answer.data
        self.assert_one_axis(data, data["points"])
        return data

    def assert_one_axis(self, data, points):
        """Every list of numbers is as long as the axis."""
        for value in data.values() if isinstance(data, dict) else data:
            if isinstance(value, list) and value and not isinstance(value[0], dict):
                self.assertEqual(points, len(value))
            elif isinstance(value, (dict, list)):
                self.assert_one_axis(value, points)

    def test_it_adds_up_to_the_stats_and_survives_restarts(self):
        one = self.own_shop(RATE_LIMIT_FLASH_BUY="8/60s")
        buyer, lamp, mug = one.register(), one.product(total=7), one.product(total=5)
        for product in [lamp] * 5 + [mug] * 2:
            self.assertEqual(200, buyer.buy(product).status)
        self.assertEqual(400, one.admin.buy(lamp, quantity=9).status)
        self.assertEqual([404, 429], [buyer.buy("nothing-of-that").status, buyer.buy(lamp).status])

        def told():
            data = self.history(one)
            return sum(filter(None, data["confirmed"])) == 7 and data
        data = wait_until(told, 10)
        self.assertEqual(7, sum(filter(None, data["accepted"])))
        sums = {reason: sum(filter(None, values)) for reason, values in data["refused"].items()}
        self.assertEqual({"out_of_stock": 1, "product_not_found": 1, "rate_limited": 1}, sums)
        stats = one.admin.get("/api/admin/stats").data
        self.assertEqual((7, 7), (stats["accepted"], stats["confirmed"]))
        self.assertEqual(sums, stats["refused"])

        def last(values):
            return next(v for v in reversed(values) if v is not None)

        def levels_are_right():
            data = self.history(one)
            stock = {s["product_id"]: tuple(last(s[m]) for m in ("available", "held", "sold")) for s in data["stock"]}
            return stock == {lamp: (2, 0, 5), mug: (3, 0, 2)} and last(data["revenue"][0]["confirmed_minor"]) == 7 * 1999
        wait_until(levels_are_right, 10)
        self.assertEqual(7, last(data["orders"]["confirmed"]))
        self.assertEqual(7, sum(filter(None, data["fulfilment"]["payment"]["done"])))
        self.assertGreater(max(v or 0 for v in data["fulfilment"]["payment"]["seconds"]["p99"]), 0.005)
        self.assertGreater(max(v or 0 for v in data["latency_ms"]["p99"]), 0)
        only = self.history(one, f"?product_id={mug},never-was")["stock"]
        self.assertEqual([mug, "never-was"], [s["product_id"] for s in only])
        self.assertEqual([], [v for v in only[1]["available"] if v is not None])

        def steps_are_told():  # invoices and mails are made behind, when the machine has time
            steps = one.admin.get("/api/admin/queue/steps?limit=100").data
            return all(sum(s["step"] == step for s in steps) == 7 for step in ("confirm", "invoice", "mail")) and steps
        steps = wait_until(steps_are_told)
        self.assertEqual({1}, {s["attempts"] for s in steps}, "what goes well at once was one attempt")
        self.assertGreater(min(s["seconds"] for s in steps), 0)

        before = self.history(one)
        for how in (signal.SIGTERM, signal.SIGKILL):
            one.restart(how)
            with self.subTest(how=how):
                for step in ("", "?step=10", "?step=60", "?step=3600"):
                    if how == signal.SIGKILL and step:
                        continue  # coarse steps are written every ten seconds
                    after = self.history(one, step)
                    self.assertEqual(7, sum(filter(None, after["accepted"])), step)
                    self.assertEqual(7, sum(filter(None, after["confirmed"])), step)
                    self.assertEqual(before["refused"].keys(), after["refused"].keys())
                again = one.admin.get("/api/admin/queue/steps?limit=100").data
                self.assertEqual(steps, again)
        self.assertEqual(0, one.verify()["drift"])

    def test_a_lost_or_damaged_file_costs_pictures_only(self):
        one = self.own_shop()
        product = one.product(total=5)
        one.register().buy(product)
        one.stop()
        with open(one.folder + "/history.db", "wb") as file:
            file.write(b"no database" * 1000)
        one.start()
        self.assertEqual(0, sum(filter(None, self.history(one)["accepted"])))
        self.assertEqual(4, one.stock(product)[0])
        self.assertIn("sale_history", [line["event"] for line in one.logs()])

    def test_backups_do_without_it(self):
        one = self.own_shop()
        one.cli("backup", one.root + "/backup")
        with open(one.root + "/backup/backup.json", encoding="utf-8") as file:
            self.assertNotIn("history.db", [f["name"] for f in json.load(file)["files"]])

    def test_wrong_questions_are_refused(self):
        for query, where in (("?step=7", "step"), ("?step=1&from=2026-01-01T00:00:00Z", "step"),
                             ("?from=yesterday-at-noon-or-so", "from"), ("?from=9999-01-01T00:00:00Z", "from"),
                             ("?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"), ("?product_id=A", "product_id"),
                             ("?product_id=" + ",".join(f"p{i}" for i in range(21)), "product_id"), ("?product_id=a,", "product_id")):
            with self.subTest(query=query):
                body = self.assertError(self.shop.admin.get("/api/admin/history" + query), 422, "validation_error")
                self.assertEqual(["query", where], body["errors"][0]["loc"])
        for query, where in (("?cursor=0", "cursor"), ("?cursor=x", "cursor"), ("?result=lost", "result"), ("?order_id=x", "order_id")):
            with self.subTest(query=query):
                body = self.assertError(self.shop.admin.get("/api/admin/queue/steps" + query), 422, "validation_error")
                self.assertEqual(["query", where], body["errors"][0]["loc"])

    def test_only_administrators_may_see_it(self):
        buyer = self.shop.register()
        for path in ("history", "queue/steps"):
            self.assertError(buyer.get("/api/admin/" + path), 403, "forbidden")


class Monitor(shop.ShopTest):
    settings = {"PAYMENT": "simulated:?latency=1500ms&decline=0%"}

    def test_the_stream_alone_is_enough_to_draw_a_sell_out(self):
        buyer, lamp = self.shop.register(), self.shop.product(total=50, name="A lamp")
        paused = self.shop.product(total=3)
        self.assertEqual(200, self.shop.admin.post(f"/api/admin/products/{paused}/pause").status)
        with self.shop.events("/api/admin/events", token=self.shop.admin.token) as events:
            for _ in range(4):
                buyer.buy(lamp, quantity=2)

            def told():
                data = events.next()[1]
                shown = {p["id"]: p for p in data["products"]}
                return shown[lamp]["accepted_per_second"] > 0 and data["per_second"]["accepted"] > 0 and (data, shown)
            data, shown = wait_until(told, 10)
        self.assertEqual([], faults(data, DOCUMENT["components"]["schemas"]["Stats"]))
        product = shown[lamp]
        self.assertEqual(("A lamp", "live", 42, 50), tuple(product[m] for m in ("name", "state", "available", "total")))
        self.assertEqual(8, product["held"] + product["sold"])
        self.assertAlmostEqual(2 * product["accepted_per_second"], product["units_per_second"])
        self.assertEqual((2, "paused"), (data["products_total"], shown[paused]["state"]))
        self.assertEqual([lamp, paused], [p["id"] for p in data["products"]], "live ones first")
        queue = wait_until(lambda: (q := self.shop.admin.get("/api/admin/queue").data)["drain_seconds"] == 0 and q, 10)
        self.assertEqual((0, 0), (queue["depth"], queue["oldest_age_seconds"]))

    def test_a_list_of_many_products_is_cut(self):
        one = self.own_shop()
        for i in range(55):
            one.product(f"p{i:02}")
        data = one.admin.get("/api/admin/stats").data
        self.assertEqual((50, 55), (len(data["products"]), data["products_total"]))
        self.assertEqual([f"p{i:02}" for i in range(50)], [p["id"] for p in data["products"]])

    def test_what_waits_is_told_with_its_age(self):
        one = self.own_shop()
        one.pause_queue()
        one.register().buy(one.product())
        queue = wait_until(lambda: (q := one.admin.get("/api/admin/stats").data["queue"])["oldest_age_seconds"] > 0.2 and q)
        self.assertEqual(1, queue["depth"])


class WhoIsLimited(shop.ShopTest):
    settings = {"RATE_LIMIT_FLASH_BUY": "2/60s"}

    def test_counts_without_names(self):
        product, greedy, other, content = self.shop.product(), *(self.shop.register() for _ in range(3))
        codes = [greedy.buy(product).status for _ in range(11)] + [other.buy(product).status for _ in range(5)]
        self.assertEqual(12, codes.count(429))
        self.assertEqual(200, content.buy(product).status)
        answer = self.shop.admin.get("/api/admin/rate-limits")
        buy = answer.data["flash_buy"]
        self.assertEqual(("user", 12, 2), (buy["counts"], buy["last_minute"]["refused"], buy["last_minute"]["distinct"]))
        self.assertAlmostEqual(9 / 12, buy["last_minute"]["largest_share"], delta=0.05)
        self.assertEqual(buy["refused"], buy["last_minute"]["refused"])
        self.assertEqual({"refused": 0, "distinct": 0, "largest_share": None}, answer.data["login"]["last_minute"])
        for buyer in (greedy, other):
            self.assertNotIn(buyer.id, answer.body.decode())
            self.assertNotIn(buyer.email, answer.body.decode())


class ManyDeadLetters(shop.ShopTest):
    settings = {"PAYMENT": "simulated:?latency=1ms&decline=0%&reject=100%"}

    def many(self, what, body):
        answer = self.shop.admin.post(f"/api/admin/queue/dead/{what}", body)
        self.assertEqual(200, answer.status, answer)
        self.assertEqual([], faults(answer.json(), schema_of("adminRetryDeadMany")))
        return answer.data

    def letters(self, query=""):
        return self.shop.admin.get("/api/admin/queue/dead" + query).json()

    def test_choose_page_and_settle(self):
        buyer, lamp, mug = self.shop.register(), self.shop.product(total=20), self.shop.product(total=5)
        lamps = [buyer.buy(lamp).data["order_id"] for _ in range(8)]
        mugs = [buyer.buy(mug).data["order_id"] for _ in range(3)]
        wait_until(lambda: len(self.letters()["data"]) == 11)

        first = self.letters("?limit=5")
        rest = self.letters(f"?limit=100&cursor={first['next_cursor']}")
        self.assertEqual(lamps + mugs, [d["order_id"] for d in first["data"] + rest["data"]], "oldest first")
        self.assertIsNone(rest["next_cursor"])
        reason = first["data"][0]["reason"]
        for query, wanted in ((f"?product_id={mug}", mugs), ("?step=payment", lamps + mugs), ("?step=mail", []),
                              (f"?reason={reason.split()[0]}", lamps + mugs), ("?reason=nothing-like-it", []), ("?product_id=unheard-of", [])):
            self.assertEqual(wanted, [d["order_id"] for d in self.letters(query)["data"]], query)

        unknown = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        done = self.many("discard", {"order_ids": lamps[:2] + [unknown]})
        self.assertEqual([(lamps[0], "done"), (lamps[1], "done"), (unknown, "order_not_found")],
                         [(r["order_id"], r["outcome"]) for r in done["results"]])
        self.assertEqual((2, 1, 0), (done["done"], done["failed"], done["remaining"]))
        self.assertEqual("failed", buyer.order(lamps[0])["status"])
        self.assertEqual((14, 6, 0, 20), self.shop.stock(lamp))

        done = self.many("discard", {"all": True, "product_id": mug, "step": "payment"})
        self.assertEqual((mugs, 3), ([r["order_id"] for r in done["results"]], done["done"]))
        self.assertEqual((5, 0, 0, 5), self.shop.stock(mug))
        self.assertEqual([], self.many("retry", {"all": True, "reason": "nothing-like-it"})["results"])

        self.shop.restart(PAYMENT="simulated:?latency=1ms&decline=0%")
        done = self.many("retry", {"all": True})
        self.assertEqual((6, 0), (done["done"], done["failed"]))
        wait_until(lambda: self.shop.stock(lamp) == (14, 0, 6, 20))
        audit = self.shop.admin.get("/api/admin/audit?what=dead_letter_&limit=100").data
        told = {what: {row["target"] for row in audit if row["what"] == what} for what in ("dead_letter_retried", "dead_letter_discarded")}
        self.assertEqual({"dead_letter_retried": set(lamps[2:]), "dead_letter_discarded": {*lamps[:2], *mugs, unknown}}, told)
        self.assertEqual(0, self.shop.verify()["drift"])

    def test_unclear_choices_are_refused(self):
        one = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        for body, loc in (({"order_ids": [one], "all": True}, ["body"]), ({"step": "mail"}, ["body"]),
                          ({"order_ids": [one], "step": "mail"}, ["body"]), ({"order_ids": []}, ["body", "order_ids"]),
                          ({"order_ids": [one, one]}, ["body", "order_ids"]), ({"all": False}, ["body", "all"]),
                          ({"order_ids": [one, "U" * 26]}, ["body", "order_ids", 1]), ({"order_ids": ["x"]}, ["body", "order_ids", 0]),
                          ({"order_ids": [f"{n:026}" for n in range(1001)]}, ["body", "order_ids"]), ({}, ["body"])):
            with self.subTest(body=str(body)[:60]):
                refused = self.assertError(self.shop.admin.post("/api/admin/queue/dead/retry", body), 422, "validation_error")
                self.assertEqual(loc, refused["errors"][0]["loc"])
        self.assertError(self.shop.admin.get("/api/admin/queue/dead?cursor=x"), 422, "validation_error")


class WhoDidWhat(shop.ShopTest):
    def audit(self, query):
        answer = self.shop.admin.get("/api/admin/audit" + query)
        self.assertEqual(200, answer.status, answer)
        return answer.json()

    def test_filters_and_before_and_after(self):
        begun = shop.at(-0.01)
        thing = self.shop.product(total=10)
        path = f"/api/admin/products/{thing}"
        self.assertEqual(200, self.shop.admin.post(path + "/pause").status)
        self.assertEqual(200, self.shop.restock(thing, 5).status)
        self.assertEqual(204, self.shop.admin.send("DELETE", path).status)
        worker = self.shop.admin.get("/api/admin/workers").data[0]
        self.assertEqual(200, self.shop.admin.send("PUT", f"/api/admin/workers/{worker['id']}", {"concurrency": 7}).status)
        done = wait_until(lambda: len(d := self.audit(f"?target={thing}")["data"]) == 4 and d)
        removed, adjusted, paused, created = done
        self.assertEqual(["product_removed", "stock_adjusted", "product_paused", "product_created"], [row["what"] for row in done])
        self.assertEqual(({"paused": False}, {"paused": True}), (paused["before"], paused["after"]))
        self.assertEqual(({"total": 10}, {"total": 15, "delta": 5, "reason": "test"}), (adjusted["before"], adjusted["after"]))
        self.assertEqual((15, None, None), (removed["before"]["total"], removed["after"], created["before"]))
        self.assertEqual((self.shop.admin.id, shop.ADMIN_EMAIL, "127.0.0.1"), (paused["who"], paused["who_email"], paused["from"]))
        change, = self.audit(f"?what=worker_&target={worker['id']}")["data"]
        self.assertEqual(({"concurrency": worker["concurrency"]}, {"concurrency": 7}), (change["before"], change["after"]))

        def sequences(query):
            return [row["sequence"] for row in self.audit(query)["data"]]
        wanted = [row["sequence"] for row in done]
        for query in (f"?who={shop.ADMIN_EMAIL}&target={thing}", f"?who={self.shop.admin.id}&target={thing}",
                      f"?target={thing}&from={begun}", f"?target={thing}&address=127.0.0.1", f"?target={thing}&to={shop.at(60)}"):
            self.assertEqual(wanted, sequences(query), query)
        for query in ("?who=nobody@shop.test", "?who=system&what=product_", f"?target={thing}&to={begun}", "?address=192.0.2.9",
                      f"?target={thing}&from={shop.at(60)}"):
            self.assertEqual([], sequences(query), query)
        page = self.audit(f"?target={thing}&limit=3")
        self.assertEqual(wanted[:3], [row["sequence"] for row in page["data"]])
        rest = self.audit(f"?target={thing}&limit=3&cursor={page['next_cursor']}")
        self.assertEqual((wanted[3:], None), ([row["sequence"] for row in rest["data"]], rest["next_cursor"]))

    def test_a_change_is_told_member_by_member(self):
        bounds = ("starts_at", "ends_at", "per_user_limit", "list_price_minor")
        thing = self.shop.product(**dict.fromkeys(bounds))  # null: no bound
        begin = shop.at(3600)
        for change in ({"starts_at": begin, "per_user_limit": 3}, {"starts_at": None}):
            self.assertEqual(200, self.shop.admin.send("PATCH", f"/api/admin/products/{thing}", change).status)
        rows = wait_until(lambda: len(d := self.audit(f"?target={thing}&what=product_changed")["data"]) == 2 and d)
        self.assertEqual([({"starts_at": begin}, {"starts_at": None}),
                          ({"starts_at": None, "per_user_limit": None}, {"starts_at": begin, "per_user_limit": 3})],
                         [(row["before"], row["after"]) for row in rows])

    def test_orders_by_time(self):
        buyer, thing = self.shop.register(), self.shop.product()
        early = buyer.buy(thing).data["order_id"]
        time.sleep(0.05)
        middle = buyer.order(early)["created_at"]
        late = buyer.buy(thing).data["order_id"]
        between = buyer.order(late)["created_at"]

        def found(query):
            return [o["id"] for o in self.shop.admin.get(f"/api/admin/orders?product_id={thing}{query}").data]
        wait_until(lambda: found("") == [late, early])
        self.assertEqual([late, early], found(f"&from={middle}"))
        self.assertEqual([late], found(f"&from={between}"))
        self.assertEqual([early], found(f"&to={between}"))
        self.assertEqual([early], found(f"&from={middle}&to={between}&q={buyer.email}"))
        self.assertEqual([], found(f"&to={middle}"))
        csv = self.shop.admin.get(f"/api/admin/orders.csv?product_id={thing}&from={between}").body.decode()
        self.assertEqual((True, False), (late in csv, early in csv))
        self.assertError(self.shop.admin.get(f"/api/admin/orders?from={between}&to={middle}"), 422, "validation_error")
        self.assertError(self.shop.admin.get("/api/admin/orders.csv?to=not-a-time-of-any-day"), 422, "validation_error")


if __name__ == "__main__":
    shop.main()
