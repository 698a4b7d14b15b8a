"""Every row of the contract's table of errors, and the shape of all answers."""
import json
import os
import subprocess
import tempfile
import threading
import time
import unittest
from urllib.parse import quote

import forge
import shop
from shop import at, in_parallel
from wire import request_bytes, wait_until

MISSING_ORDER = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
RATE_LIMIT = r'^"[a-z_]+";r=0;t=\d+$'
SECURITY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin"}


class Refusals(shop.ShopTest):
    settings = {"JWT_SECRET": forge.SECRET, "PAYMENT": "simulated:?latency=50ms&decline=0%"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.shop.register()
        cls.other = cls.shop.register()
        cls.admin = cls.shop.admin
        cls.thing = cls.shop.product(total=1000)

    def refused_unchanged(self, buy, status, code, detail=None):
        """The buy is refused and left no trace in the ledger."""
        return self.assertError(self.leavesNoTrace(buy), status, code, detail)

    def test_out_of_stock_says_whether_it_is_final(self):
        thing = self.shop.product(total=2)
        order = self.buyer.buy(thing, 2).data
        first = self.assertError(self.other.buy(thing), 400, "out_of_stock", "Out of stock!")
        self.assertIsInstance(first["final"], bool)
        self.assertGreaterEqual(first["sequence"], order["sequence"])
        self.buyer.wait_for(order["order_id"], "confirmed")
        last = self.assertError(self.other.buy(thing), 400, "out_of_stock", "Out of stock!")
        self.assertIs(True, last["final"])
        self.assertGreaterEqual(last["sequence"], first["sequence"])

    def test_out_of_stock_is_not_final_while_units_are_held(self):
        self.shop.pause_queue()
        try:
            thing = self.shop.product(total=1)
            order = self.buyer.buy(thing).data
            refused = self.assertError(self.other.buy(thing), 400, "out_of_stock", "Out of stock!")
            self.assertIs(False, refused["final"])
            self.assertEqual(200, self.buyer.post(f"/api/orders/{order['order_id']}/cancel").status)
            self.assertEqual(200, self.other.buy(thing).status)
        finally:
            self.shop.resume_queue()

    def test_malformed_json(self):
        for body in (b"{", b"", b"nonsense", b'{"product_id":"x",}', b"{'a':1}", b'{"product_id":"x"} {}', b"\xff"):
            with self.subTest(body=body):
                self.refused_unchanged(lambda: self.buyer.post("/api/flash-buy", body), 400, "malformed_json")
                self.assertError(self.shop.post("/api/auth/login", body), 400, "malformed_json")

    def test_unauthenticated(self):
        for method, path in (("GET", "/api/auth/me"), ("POST", "/api/flash-buy"), ("GET", "/api/orders"),
                             ("GET", "/api/admin/stats")):
            with self.subTest(path=path):
                self.assertError(self.shop.request(method, path), 401, "not_authenticated")
                for value in ("Bearer", "Bearer ", "Bearer x.y.z", "Basic YTpi", "Token " + self.buyer.token,
                              self.buyer.token, "Bearer " + self.buyer.token + "x"):
                    answer = self.shop.request(method, path, headers={"Authorization": value})
                    self.assertError(answer, 401, "invalid_token")
                past = forge.changed(self.buyer.token, claims={"iat": int(time.time()) - 900,
                                                               "exp": int(time.time()) - 300})
                self.assertError(self.shop.request(method, path, token=past), 401, "token_expired")

    def test_wrong_credentials_look_the_same_whoever_is_meant(self):
        answers = [self.shop.post("/api/auth/login", {"email": email, "password": "not the password"})
                   for email in (self.buyer.email, "nobody@nowhere.test")]
        for answer in answers:
            self.assertError(answer, 401, "invalid_credentials")
        bodies = [{**a.json(), "request_id": ""} for a in answers]
        self.assertEqual(*bodies)

    def test_forbidden(self):
        self.assertError(self.buyer.get("/api/admin/stats"), 403, "forbidden")

    def test_not_found(self):
        for path in ("/nothing", "/api", "/api/", "/api/products/", "/api/flash-buy/x", "/API/products"):
            with self.subTest(path=path):
                self.assertIn(self.shop.get(path).status, (400, 404))
        self.assertError(self.shop.get("/nothing"), 404, "not_found")
        self.assertError(self.shop.get("/api/products/no-such-thing"), 404, "product_not_found")
        self.assertError(self.shop.get("/api/products/no-such-thing/events"), 404, "product_not_found")
        self.refused_unchanged(lambda: self.buyer.buy("no-such-thing"), 404, "product_not_found")
        self.assertError(self.buyer.get(f"/api/orders/{MISSING_ORDER}"), 404, "order_not_found")
        self.assertError(self.buyer.get("/api/orders/by-key/never-used"), 404, "order_not_found")
        self.assertError(self.admin.get("/api/admin/products/no-such-thing"), 404, "product_not_found")

    def test_another_buyers_order_is_not_found(self):
        order = self.buyer.buy(self.thing).data["order_id"]
        self.assertError(self.other.get(f"/api/orders/{order}"), 404, "order_not_found")

    def test_method_not_allowed(self):
        answer = self.shop.request("DELETE", "/api/products")
        self.assertError(answer, 405, "method_not_allowed")
        self.assertEqual({"GET", "HEAD"}, set(answer.header("Allow").split(", ")))
        answer = self.shop.request("GET", "/api/flash-buy")
        self.assertError(answer, 405, "method_not_allowed")
        self.assertEqual("POST", answer.header("Allow"))
        for method in ("TRACE", "CONNECT"):
            with self.shop.connect() as c:
                self.assertError(c.request(method, "/api/products"), 405, "method_not_allowed")

    def test_sale_not_started(self):
        thing = self.shop.product(starts_at=at(3600))
        self.assertEqual("scheduled", self.shop.get(f"/api/products/{thing}").data["state"])
        self.refused_unchanged(lambda: self.buyer.buy(thing), 409, "sale_not_started")

    def test_sale_ended(self):
        thing = self.shop.product(starts_at=at(-7200), ends_at=at(-3600))
        self.assertEqual("ended", self.shop.get(f"/api/products/{thing}").data["state"])
        self.refused_unchanged(lambda: self.buyer.buy(thing), 409, "sale_ended")

    def test_sale_paused(self):
        thing = self.shop.product()
        self.assertEqual(200, self.admin.post(f"/api/admin/products/{thing}/pause").status)
        self.assertEqual("paused", self.shop.get(f"/api/products/{thing}").data["state"])
        self.refused_unchanged(lambda: self.buyer.buy(thing), 409, "sale_paused")

    def test_purchase_limit(self):
        thing = self.shop.product(per_user_limit=2)
        self.refused_unchanged(lambda: self.buyer.buy(thing, 3), 409, "purchase_limit")
        self.assertEqual(200, self.buyer.buy(thing, 2).status)
        self.assertError(self.buyer.buy(thing), 409, "purchase_limit")
        self.assertEqual(200, self.other.buy(thing).status)

    def test_idempotency_conflict(self):
        first = self.buyer.buy(self.thing, 1, key="conflict-1")
        self.assertEqual(200, first.status)
        self.assertIsNone(first.header("Idempotent-Replayed"))
        self.assertError(self.buyer.buy(self.thing, 2, key="conflict-1"), 409, "idempotency_conflict")
        other_thing = self.shop.product()
        self.assertError(self.buyer.buy(other_thing, 1, key="conflict-1"), 409, "idempotency_conflict")
        again = self.buyer.buy(self.thing, 1, key="conflict-1")
        self.assertEqual("true", again.header("Idempotent-Replayed"))
        self.assertEqual(first.data, again.data)
        # Another buyer's key of the same name is another key.
        theirs = self.other.buy(self.thing, 2, key="conflict-1")
        self.assertEqual(200, theirs.status)
        self.assertIsNone(theirs.header("Idempotent-Replayed"))
        # The default quantity is the same body.
        self.assertEqual("true", self.buyer.buy(self.thing, key="conflict-1").header("Idempotent-Replayed"))

    def test_a_key_is_1_to_64_printable_characters(self):
        self.assertEqual(200, self.buyer.buy(self.thing, key="k" * 64).status)
        for key in ("k" * 65, "two words", "tab\there", "caf\xe9", "k" * 5000):
            with self.subTest(key=key[:80]):
                self.refused_unchanged(lambda: self.buyer.buy(self.thing, key=key), 422, "validation_error")

    def test_keys_of_any_printable_kind_can_be_asked_for(self):
        for key in ("a/b", "50%", "?x=1&y#z", "..", ".", "\"quoted\"", "~!@$^*()_+", "%2e%2e"):
            with self.subTest(key=key):
                bought = self.buyer.buy(self.thing, key=key)
                self.assertEqual(200, bought.status)
                found = self.buyer.get("/api/orders/by-key/" + quote(key, safe="").replace(".", "%2E"))
                if key not in (".", ".."):  # no path says these; such a buyer finds the order in the list
                    self.assertEqual((200, bought.data["order_id"]), (found.status, found.json().get("data", {}).get("id")))

    def test_email_taken(self):
        body = {"email": self.buyer.email.upper(), "password": shop.BUYER_PASSWORD}
        self.assertError(self.shop.post("/api/auth/register", body), 409, "email_taken")

    def test_invalid_state(self):
        order = self.buyer.buy(self.thing).data["order_id"]
        self.buyer.wait_for(order, "confirmed")
        self.assertError(self.buyer.post(f"/api/orders/{order}/cancel"), 409, "invalid_state")

    def test_body_too_large(self):
        big = {"product_id": "x", "quantity": 1, "padding": "y" * 70_000}
        self.refused_unchanged(lambda: self.buyer.post("/api/flash-buy", big), 413, "body_too_large")

    def test_unsupported_media_type(self):
        body = json.dumps({"product_id": self.thing})
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "nonsense",
                     "application/xml", "text/json", None):
            with self.subTest(kind=kind):
                self.refused_unchanged(lambda: self.buyer.post("/api/flash-buy", body, headers={"Content-Type": kind}),
                                       415, "unsupported_media_type")
        for kind in ("application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"):
            with self.subTest(kind=kind):
                self.assertEqual(200, self.buyer.post("/api/flash-buy", body, headers={"Content-Type": kind}).status)

    def test_headers_too_large(self):
        for headers in ({"X-Padding": "p" * 20_000}, {f"X-{i}": "v" for i in range(200)}):
            with self.subTest(fields=len(headers)), self.shop.connect() as c:
                answer = c.request("GET", "/api/products", headers=headers)
                self.assertError(answer, 431, "headers_too_large")
                self.assertTrue(c.is_closed_by_peer())

    def test_validation_errors_say_where(self):
        for body, loc in (({"product_id": self.thing, "quantity": 11}, ["body", "quantity"]),
                          ({"quantity": 1}, ["body", "product_id"]),
                          ({"product_id": self.thing, "qty": 1}, ["body", "qty"]),
                          ({"product_id": 7}, ["body", "product_id"])):
            with self.subTest(body=body):
                found = self.refused_unchanged(lambda: self.buyer.post("/api/flash-buy", body), 422, "validation_error")
                self.assertIn(loc, [error["loc"] for error in found["errors"]])
        self.assertError(self.buyer.get("/api/orders?limit=0"), 422, "validation_error")
        self.assertError(self.buyer.get("/api/orders?limit=x"), 422, "validation_error")
        self.assertError(self.buyer.get("/api/orders?cursor=nonsense"), 422, "validation_error")
        self.assertError(self.admin.get("/api/admin/orders?status=lost"), 422, "validation_error")


class Shapes(shop.ShopTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.shop.register()
        cls.thing = cls.shop.product()

    def all_kinds(self):
        """An answer of every kind: data, a list, nothing, and errors from all layers."""
        yield self.shop.get(f"/api/products/{self.thing}")
        yield self.shop.get("/api/products")
        yield self.buyer.buy(self.thing)
        yield self.shop.get("/nothing")
        yield self.shop.request("PUT", "/api/products")
        yield self.shop.get("/api/auth/me")
        yield self.buyer.get("/api/admin/stats")
        yield self.buyer.buy(self.thing, 11)
        yield self.shop.get("/healthz")
        yield self.shop.get("/metrics")
        yield self.shop.get("/openapi.json")
        yield self.shop.get("/docs")
        yield self.shop.get("/")
        yield self.shop.register().post("/api/auth/logout", {})
        with self.shop.connect() as c:
            yield c.request("GET", "/" + "x" * 9000)

    def test_every_answer_has_an_id_a_date_and_the_security_headers(self):
        for answer in self.all_kinds():
            with self.subTest(answer=answer):
                self.assertTrue(answer.header("X-Request-Id"))
                self.assertTrue(answer.header("Date").endswith(" GMT"))
                for name, value in SECURITY.items():
                    self.assertEqual(value, answer.header(name))
                policy = answer.header("Content-Security-Policy")
                self.assertIn("default-src 'none'", policy)
                self.assertIn("frame-ancestors 'none'", policy)
                self.assertNotIn("unsafe", policy)
                self.assertIsNone(answer.header("Server"))
                for name, _ in answer.fields:
                    self.assertFalse(name.lower().startswith("access-control-"), name)

    def test_data_is_not_to_be_stored(self):
        for answer in (self.buyer.buy(self.thing), self.buyer.get("/api/orders"), self.shop.get("/nothing")):
            self.assertEqual("no-store", answer.header("Cache-Control"))

    def test_a_sane_request_id_comes_back(self):
        for given in ("abc-123", "A" * 64, "7d9f0b6e-3a52-4a6a-9b0e-5f3f6c9e0c11"):
            self.assertEqual(given, self.shop.get("/healthz", headers={"X-Request-Id": given}).header("X-Request-Id"))
            self.assertEqual(given, self.shop.get("/nothing", headers={"X-Request-Id": given}).json()["request_id"])

    def test_an_odd_request_id_is_replaced(self):
        for given in ("", "A" * 65, "two words", 'quo"te', "<script>", "caf\xe9", "a\\b"):
            with self.subTest(given=given):
                answer = self.shop.get("/nothing", headers={"X-Request-Id": given})
                self.assertError(answer, 404, "not_found")
                self.assertNotEqual(given, answer.header("X-Request-Id"))
                self.assertRegex(answer.header("X-Request-Id"), r"^[A-Za-z0-9._-]{8,64}$")

    def test_request_ids_differ(self):
        ids = [self.shop.get("/healthz").header("X-Request-Id") for _ in range(50)]
        self.assertEqual(50, len(set(ids)))

    def test_envelopes(self):
        one = self.shop.get(f"/api/products/{self.thing}").json()
        self.assertEqual({"status", "data"}, set(one))
        self.assertEqual("success", one["status"])
        many = self.shop.get("/api/products").json()
        self.assertEqual({"status", "data", "next_cursor"}, set(many))
        self.assertIsInstance(many["data"], list)
        gone = self.shop.register().post("/api/auth/logout", {})
        self.assertEqual((204, b""), (gone.status, gone.body))
        self.assertIsNone(gone.header("Content-Length"))

    def test_times_money_and_ids(self):
        order = self.buyer.order(self.buyer.buy(self.thing, 3).data["order_id"])
        self.assertRegex(order["id"], r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")
        self.assertRegex(self.buyer.id, r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")
        self.assertRegex(order["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual((1999, 5997, "EUR"), (order["unit_price_minor"], order["total_minor"], order["currency"]))

    def test_the_ticket_of_a_buy_is_the_contracts(self):
        ticket = self.buyer.buy(self.thing, 2).data
        self.assertEqual("pending", ticket["status"])
        self.assertEqual("Order queued! Processing in background.", ticket["message"])
        self.assertEqual((self.thing, 2, 3998, "EUR"), (ticket["product_id"], ticket["quantity"],
                                                        ticket["total_minor"], ticket["currency"]))
        self.assertGreater(ticket["sequence"], 0)

    def test_cors_is_off(self):
        for origin in ("https://evil.test", "null", f"http://127.0.0.1:{self.shop.port}"):
            for method, path in (("GET", "/api/products"), ("OPTIONS", "/api/flash-buy")):
                answer = self.shop.request(method, path, headers={"Origin": origin,
                                                                  "Access-Control-Request-Method": "POST"})
                self.assertFalse([n for n, _ in answer.fields if n.lower().startswith("access-control-")], answer.fields)

    def test_head_is_get_without_its_body(self):
        head, get = self.shop.request("HEAD", "/healthz"), self.shop.get("/healthz")
        self.assertEqual((get.status, b""), (head.status, head.body))
        self.assertEqual(get.header("Content-Length"), head.header("Content-Length"))

    def test_pipelined_requests_are_answered_in_order(self):
        ids = [f"pipe-{i}" for i in range(40)]
        paths = ["/healthz", "/nothing", "/api/products", f"/api/products/{self.thing}"]
        with self.shop.connect() as c:
            c.send(b"".join(request_bytes("GET", paths[i % 4], headers={"X-Request-Id": ids[i]}) for i in range(40)))
            self.assertEqual(ids, [c.read_answer().header("X-Request-Id") for _ in ids])

    def test_logs_are_json_and_hold_no_secret(self):
        self.assertError(self.buyer.buy(self.thing, 11), 422, "validation_error")
        self.assertTrue(self.shop.logs())
        with open(self.shop.log_path, encoding="utf-8") as log:
            text = log.read()
        for secret in (shop.ADMIN_PASSWORD, shop.BUYER_PASSWORD, self.buyer.token, self.buyer.refresh_token):
            self.assertNotIn(secret, text)


class CorsOn(shop.ShopTest):
    settings = {"CORS_ORIGINS": "https://shop.example"}

    def test_only_the_named_origin_is_let_in(self):
        ask = {"Access-Control-Request-Method": "POST"}
        good = self.shop.request("OPTIONS", "/api/flash-buy", headers={"Origin": "https://shop.example", **ask})
        self.assertEqual(204, good.status)
        self.assertEqual("https://shop.example", good.header("Access-Control-Allow-Origin"))
        plain = self.shop.get("/api/products", headers={"Origin": "https://shop.example"})
        self.assertEqual("https://shop.example", plain.header("Access-Control-Allow-Origin"))
        self.assertIn("Origin", plain.header("Vary") or "")
        for origin in ("https://shop.example.evil.test", "https://evilshop.example", "http://shop.example", "null",
                       "https://shop.example:444", "*"):
            with self.subTest(origin=origin):
                bad = self.shop.request("OPTIONS", "/api/flash-buy", headers={"Origin": origin, **ask})
                self.assertIsNone(bad.header("Access-Control-Allow-Origin"))
                self.assertIsNone(self.shop.get("/api/products", headers={"Origin": origin})
                                  .header("Access-Control-Allow-Origin"))


class Limited(shop.ShopTest):
    settings = {"RATE_LIMIT_FLASH_BUY": "2/60s", "RATE_LIMIT_LOGIN": "3/60s"}

    def test_rate_limited(self):
        buyer, thing = self.shop.register(), self.shop.product()
        self.assertEqual([200, 200], [buyer.buy(thing).status for _ in range(2)])
        answer = self.leavesNoTrace(lambda: buyer.buy(thing))
        self.assertError(answer, 429, "rate_limited", "Too many requests.")
        self.assertTrue(1 <= int(answer.header("Retry-After")) <= 30, answer.fields)
        self.assertEqual('"flash_buy";q=2;w=60', answer.header("RateLimit-Policy"))
        self.assertRegex(answer.header("RateLimit"), RATE_LIMIT)

    def test_logins_of_one_account_are_limited_and_others_not(self):
        victim = self.shop.register("victim")
        wrong = {"email": victim.email, "password": "a wrong password"}
        codes = [self.shop.post("/api/auth/login", wrong).code for _ in range(4)]
        self.assertEqual(["invalid_credentials"] * 3 + ["rate_limited"], codes)
        self.assertError(self.shop.post("/api/auth/login", {**wrong, "email": victim.email.upper()}), 429, "rate_limited")
        self.shop.login(self.shop.register("somebody").email, shop.BUYER_PASSWORD)


class Unavailable(unittest.TestCase):
    """503: nothing was taken, and the caller is told when to come back."""
    assertError = shop.ShopTest.assertError

    def test_overloaded(self):
        with_small_queue = shop.Shop(QUEUE_MAX=16, COMMIT_BATCH_MAX=1, COMMIT_WINDOW="0")
        self.addCleanup(with_small_queue.close)
        thing, tokens = with_small_queue.product(total=10**6), with_small_queue.seeds(250)
        connections = [with_small_queue.connect() for _ in tokens]
        for c in connections:
            self.addCleanup(c.close)
        refused, accepted = {}, 0
        for turn in range(40):
            for token, c in zip(tokens, connections):
                c.send(request_bytes("POST", "/api/flash-buy", {"product_id": thing}, token=token, key=f"turn-{turn}"))
            for token, c in zip(tokens, connections):
                answer = c.read_answer()
                if answer.status == 200:
                    accepted += 1
                else:
                    self.assertError(answer, 503, "overloaded")
                    refused[token, f"turn-{turn}"] = answer
            if refused:
                break
        self.assertTrue(refused, "a queue of 16 held 250 buys at once, 40 times")
        for token, key in list(refused)[:20]:
            self.assertError(with_small_queue.get(f"/api/orders/by-key/{key}", token=token), 404, "order_not_found")
        available, held, sold, total = with_small_queue.stock(thing)
        self.assertEqual((accepted, total), (held + sold, available + held + sold))
        self.assertGreater(len({a.header("Retry-After") for a in refused.values()}), 1 if len(refused) > 20 else 0)

    def test_a_login_storm_is_refused_in_part_and_slows_no_buy(self):
        stormy = shop.Shop()
        self.addCleanup(stormy.close)
        buyer, thing = stormy.register(), stormy.product()
        over, buys = threading.Event(), []

        def keep_buying():
            with stormy.connect() as c:
                while not over.is_set():
                    begun = time.monotonic()
                    answer = c.request("POST", "/api/flash-buy", {"product_id": thing}, token=buyer.token, key="same")
                    buys.append((answer.status, time.monotonic() - begun))
        beside = threading.Thread(target=keep_buying)
        beside.start()

        def login(i):
            with stormy.connect(patience=30) as c:
                return c.request("POST", "/api/auth/login", {"email": f"nobody-{i}@buyers.test", "password": "some password"})
        answers = in_parallel(160, login)
        over.set()
        beside.join()
        self.assertEqual({401, 503}, {a.status for a in answers})
        for a in answers:
            self.assertError(a, a.status, "overloaded" if a.status == 503 else "invalid_credentials")
        self.assertEqual({200}, {status for status, _ in buys})
        self.assertLess(sorted(took for _, took in buys)[len(buys) * 9 // 10], 1.0)
        stormy.login(buyer.email, shop.BUYER_PASSWORD)

    def test_unavailable_while_draining(self):
        draining = shop.Shop(DRAIN_DELAY="1500ms")
        self.addCleanup(draining.close)
        with draining.connect() as c:
            self.assertEqual(200, c.request("GET", "/readyz").status)
            draining.process.terminate()
            draining.ended = True

            def not_ready():
                with draining.connect() as fresh:
                    answer = fresh.request("GET", "/readyz")
                    return answer.status != 200 and answer
            body = self.assertError(wait_until(not_ready, 1.4), 503, "unavailable")
            self.assertTrue(body["reasons"])
        self.assertEqual(0, draining.process.wait(10))

    def test_read_only_on_a_full_disk(self):
        """A small disk of its own is filled: buys are refused, releases work, and sales go on when there is space."""
        disk = self.mounted_disk("48m")
        full = shop.Shop(folder=os.path.join(disk, "data"), DISK_RESERVE="2MiB", PAYMENT="simulated:?latency=30s&decline=0%")
        self.addCleanup(full.close)
        buyer, thing = full.register(), full.product(total=50)
        full.pause_queue()
        kept = buyer.buy(thing, 2).data["order_id"]
        filler = os.path.join(disk, "filler")
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
            except OSError:
                pass
        refused = wait_until(lambda: (a := buyer.buy(thing)).status != 200 and a, 10, what="a buy is refused")
        self.assertError(refused, 503, "read_only")
        stock = full.stock(thing)
        self.assertEqual(50, sum(stock[:3]))
        self.assertError(buyer.buy(thing), 503, "read_only")
        self.assertEqual(stock, full.stock(thing))
        self.assertError(wait_until(lambda: (a := full.get("/readyz")).status != 200 and a), 503, "unavailable")
        self.assertEqual(200, buyer.post(f"/api/orders/{kept}/cancel").status)
        os.remove(filler)
        wait_until(lambda: buyer.buy(thing).status == 200, 10, what="sales go on")
        wait_until(lambda: full.get("/readyz").status == 200)
        self.assertEqual(0, full.verify()["drift"])

    def mounted_disk(self, size):
        folder = os.path.join(tempfile.mkdtemp(prefix="scalemart-disk-"), "disk")
        os.mkdir(folder)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False)
        if done.returncode != 0:
            why = f"a disk of its own needs the right to mount: {done.stderr.decode().strip()}"
            self.fail(why) if os.environ.get("SCALEMART_REQUIRE_ALL") else self.skipTest(why)
        self.addCleanup(lambda: (subprocess.run(["umount", "-l", folder], check=False), os.rmdir(folder),
                                 os.rmdir(os.path.dirname(folder))))
        return folder


if __name__ == "__main__":
    shop.main()
