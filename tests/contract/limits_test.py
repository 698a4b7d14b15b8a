"""Rate limits: exact under parallel requests, by user and by address, changeable while the shop is open."""
import time

import shop
from shop import in_parallel
from wire import request_bytes, wait_until


class ByUser(shop.ShopTest):
    settings = {"RATE_LIMIT_FLASH_BUY": "10/60s"}

    def limit(self, **policies):
        answer = self.shop.admin.send("PUT", "/api/admin/rate-limits", policies)
        self.assertEqual(200, answer.status, answer)

    def tearDown(self):
        self.limit(flash_buy="10/60s", default="off")

    def test_500_parallel_buys_of_one_user(self):
        buyer, bystander, thing = self.shop.register(), self.shop.register(), self.shop.product(total=1000)
        refused_before = self.shop.metrics().get('scalemart_rate_limited_total{policy="flash_buy"}', 0)
        begun = time.monotonic()

        def run(_):
            with self.shop.connect() as c:
                c.send(request_bytes("POST", "/api/flash-buy", {"product_id": thing}, token=buyer.token) * 10)
                return [c.read_answer() for _ in range(10)]
        answers = [a for some in in_parallel(50, run) for a in some]
        took = time.monotonic() - begun
        passed = [a for a in answers if a.status == 200]
        self.assertTrue(10 <= len(passed) <= 10 + int(took / 6), f"{len(passed)} passed in {took:.1f} s")
        refused = [a for a in answers if a.status != 200]
        self.assertEqual(500, len(passed) + len(refused))
        for a in refused:
            self.assertError(a, 429, "rate_limited", "Too many requests.")
            self.assertTrue(1 <= int(a.header("Retry-After")) <= 6)
            self.assertEqual('"flash_buy";q=10;w=60', a.header("RateLimit-Policy"))
            self.assertRegex(a.header("RateLimit"), r'^"flash_buy";r=0;t=[1-6]$')
        self.assertEqual(1000 - len(passed), self.shop.stock(thing)[0])
        self.assertEqual(200, bystander.buy(thing).status, "others are not concerned")
        self.assertEqual(200, buyer.get("/api/orders").status, "nor are other routes")
        wait_until(lambda: self.shop.metrics()['scalemart_rate_limited_total{policy="flash_buy"}'] - refused_before == len(refused))

    def test_all_sessions_of_a_user_share_one_bucket(self):
        buyer, thing = self.shop.register(), self.shop.product()
        again = self.shop.login(buyer.email, shop.BUYER_PASSWORD)
        codes = [(buyer, again)[i % 2].buy(thing).status for i in range(14)]
        self.assertEqual([200] * 10 + [429] * 4, codes)

    def test_retry_after_is_right(self):
        self.limit(flash_buy="1/2s")
        buyer, thing = self.shop.register(), self.shop.product()
        begun = time.monotonic()
        self.assertEqual(200, buyer.buy(thing).status)
        passed = time.monotonic()
        refused = buyer.buy(thing)
        self.assertError(refused, 429, "rate_limited")
        self.assertEqual("2", refused.header("Retry-After"))
        wait_until(lambda: buyer.buy(thing).status == 200, 5)
        self.assertGreaterEqual(time.monotonic() - begun, 2.0)
        self.assertLess(time.monotonic() - passed, 2.5)
        # Refused attempts cost nothing: the next one is due two seconds after that.
        self.assertEqual("2", buyer.buy(thing).header("Retry-After"))

    def test_tokens_come_back_at_the_stated_rate(self):
        self.limit(flash_buy="20/1s,burst=5")
        buyer, thing = self.shop.register(), self.shop.product(total=10**6)
        begun, passed, before, spilt = time.monotonic(), 0, time.monotonic(), 0.0
        while (took := time.monotonic() - begun) < 2:
            passed += buyer.buy(thing).status == 200
            # Who did not ask for longer than a full bucket takes has let tokens run over.
            now = time.monotonic()
            spilt += max(0.0, now - before - 5 / 20) * 20
            before = now
        self.assertLessEqual(passed, 5 + took * 20 + 1)
        self.assertGreaterEqual(passed, 5 + took * 20 - 3 - spilt)

    def test_refused_bodies_and_products_cost_a_token_too(self):
        buyer = self.shop.register()
        codes = [buyer.buy("nothing-of-that").status for _ in range(12)]
        self.assertEqual([404] * 10 + [429] * 2, codes)

    def test_a_change_is_in_force_at_once_and_survives_a_restart(self):
        buyer, thing = self.shop.register(), self.shop.product()
        self.limit(flash_buy="3/60s")
        self.assertEqual("3/60s", self.shop.admin.get("/api/admin/rate-limits").data["flash_buy"]["limit"])
        self.assertEqual([200] * 3 + [429], [buyer.buy(thing).status for _ in range(4)])
        self.limit(flash_buy="off")
        self.assertEqual([200] * 30, [buyer.buy(thing).status for _ in range(30)])
        self.limit(flash_buy="2/60s")
        self.shop.restart()
        other = self.shop.register()
        self.assertEqual([200] * 2 + [429], [other.buy(thing).status for _ in range(3)])
        who = [r for r in self.shop.admin.get("/api/admin/audit").data if r["what"] == "rate_limits_changed"][0]
        self.assertEqual((self.shop.admin.id, "2/60s"), (who["who"], who["after"]["flash_buy"]))


class ByAddress(shop.ShopTest):
    settings = {"RATE_LIMIT_DEFAULT": "20/60s", "RATE_LIMIT_REGISTER": "4/60s", "RATE_LIMIT_LOGIN": "3/60s"}
    address = 10

    def fresh_address(self):
        """A loopback address that no test has used; its bucket is full."""
        ByAddress.address += 1
        return f"127.0.1.{ByAddress.address}"

    def codes(self, count, source, path="/api/products", headers=None):
        with self.shop.connect(source=source) as c:
            return [c.request("GET", path, headers=headers(i) if headers else None).status for i in range(count)]

    def test_strangers_are_counted_by_address(self):
        here, there = self.fresh_address(), self.fresh_address()
        self.assertEqual([200] * 20 + [429] * 5, self.codes(25, here))
        self.assertEqual([200] * 5, self.codes(5, there))
        with self.shop.connect(source=here) as c:
            answer = c.request("GET", "/api/products")
            self.assertError(answer, 429, "rate_limited", "Too many requests.")
            self.assertEqual('"default";q=20;w=60', answer.header("RateLimit-Policy"))
            # Neither health nor the document are limited.
            for path in ("/healthz", "/readyz", "/openapi.json"):
                self.assertEqual(200, c.request("GET", path).status)

    def test_connections_do_not_help(self):
        here = self.fresh_address()
        passed = sum(code == 200 for _ in range(12) for code in self.codes(3, here))
        self.assertEqual(20, passed)

    def test_headers_do_not_help(self):
        here = self.fresh_address()
        spoof = lambda i: {name: f"198.51.100.{i}" for name in (
            "X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Originating-IP")} | {
                "Forwarded": f"for=198.51.100.{i}"}
        self.assertEqual([200] * 20 + [429] * 10, self.codes(30, here, headers=spoof))

    def test_paths_do_not_help(self):
        here = self.fresh_address()
        self.codes(20, here)
        with self.shop.connect(source=here) as c:
            for path in ("/api/products?x=1", "/api/products?", "/api/products?limit=3&a=b"):
                self.assertEqual(429, c.request("GET", path).status, path)

    def test_registrations_by_address(self):
        here = self.fresh_address()
        with self.shop.connect(source=here) as c:
            codes = [c.request("POST", "/api/auth/register", {"email": f"r{i}-{here}@buyers.test", "password": shop.BUYER_PASSWORD}).status
                     for i in range(6)]
        self.assertEqual([201] * 4 + [429] * 2, codes)

    def test_logins_by_address_whatever_the_account(self):
        here = self.fresh_address()
        with self.shop.connect(source=here) as c:
            codes = [c.request("POST", "/api/auth/login", {"email": f"nobody-{i}@buyers.test", "password": "some password"}).status
                     for i in range(80)]
        self.assertEqual({401, 429}, set(codes))
        self.assertGreaterEqual(codes.index(429), 3, "an address is many people")


class BehindProxies(shop.ShopTest):
    settings = {"RATE_LIMIT_DEFAULT": "3/60s", "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"}

    def code(self, forwarded, source=None, name="X-Forwarded-For"):
        with self.shop.connect(source=source) as c:
            return c.request("GET", "/api/products", headers={name: forwarded} if forwarded else None).status

    def test_the_forwarded_address_counts(self):
        self.assertEqual([200] * 3 + [429], [self.code("198.51.100.1") for _ in range(4)])
        self.assertEqual(200, self.code("198.51.100.2"))
        self.assertEqual(429, self.code("198.51.100.1"))

    def test_only_what_our_proxies_wrote_is_believed(self):
        # The client wrote the left part itself.
        self.assertEqual([200] * 3 + [429] * 3, [self.code(f"203.0.113.{i}, 198.51.100.3") for i in range(6)])
        # Through two of our own proxies.
        self.assertEqual([200] * 3 + [429], [self.code(f"203.0.113.{i}, 198.51.100.4, 10.1.2.3") for i in range(4)])
        # Written in two header lines it is one chain.
        with self.shop.connect() as c:
            c.send(b"GET /api/products HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.4\r\n\r\n")
            self.assertEqual(429, c.read_answer().status)

    def test_strangers_are_not_believed(self):
        self.assertEqual([200] * 3 + [429] * 3, [self.code(f"198.51.100.{100 + i}", source="127.0.0.77") for i in range(6)])

    def test_the_standard_header_counts_too(self):
        self.assertEqual([200] * 3 + [429], [self.code("for=198.51.100.5", name="Forwarded") for _ in range(4)])
        self.assertEqual(200, self.code('for="[2001:db8:7::1]:4711"', name="Forwarded"))

    def test_an_ipv6_network_is_one_client(self):
        self.assertEqual([200] * 3 + [429] * 3, [self.code(f"2001:db8:1:2::{i:x}") for i in range(1, 7)])
        self.assertEqual(200, self.code("2001:db8:1:3::1"))

    def test_metrics_are_for_the_operators_network(self):
        self.assertEqual(200, self.shop.get("/metrics").status)
        stranger = self.shop.get("/metrics", headers={"X-Forwarded-For": "198.51.100.9"})
        self.assertError(stranger, 401, "not_authenticated")
        headers = {"X-Forwarded-For": "198.51.100.9"}
        self.assertEqual(200, self.shop.get("/metrics", headers=headers, token=self.shop.admin.token).status)
        self.assertError(self.shop.get("/metrics", headers=headers, token=self.shop.register().token), 403, "forbidden")

    def test_nonsense_falls_back_to_the_proxy(self):
        for i, text in enumerate(("unknown", "1.2.3", "999.1.1.1", "<script>", "1.2.3.4.5", "::ffff:zz")):
            self.assertIn(self.code(text), (200, 429), i)
        self.assertEqual(429, self.code("nonsense"))


class Crowded(shop.ShopTest):
    settings = {"CONNECTIONS_MAX": 24, "VIEWERS_MAX": 3}

    def test_viewers_never_shut_buyers_out(self):
        thing = self.shop.product()
        streams = [self.shop.events(f"/api/products/{thing}/events") for _ in range(3)]
        for s in streams:
            self.addCleanup(s.connection.close)
            self.assertEqual(200, s.head.status)
        with self.shop.connect() as c:
            self.assertError(c.request("GET", f"/api/products/{thing}/events"), 503, "overloaded")
        self.assertEqual(200, self.shop.register().buy(thing).status)
        streams[0].connection.close()

        def let_in():
            with self.shop.events(f"/api/products/{thing}/events") as s:
                return s.head.status == 200
        wait_until(let_in, what="a place became free")

    def test_health_is_answered_when_all_connections_are_taken(self):
        self.shop.hang_up()
        watch = self.shop.connect()
        self.addCleanup(watch.close)

        def is_alone():
            text = watch.request("GET", "/metrics").body.decode()
            return "\nscalemart_connections 1\n" in text
        wait_until(is_alone, what="nobody else is connected, so that the count is exact")
        crowd = []
        try:
            for _ in range(40):
                crowd.append(self.shop.connect())
                crowd[-1].send(request_bytes("GET", "/api/products"))
            codes = [c.read_answer().status for c in crowd]
            self.assertEqual({200, 503}, set(codes))
            self.assertEqual(24 - 1, codes.count(200), "all but the one that watches")
            with self.shop.connect() as c:
                self.assertEqual(200, c.request("GET", "/readyz").status)
            with self.shop.connect() as c:
                self.assertError(c.request("GET", "/api/products"), 503, "overloaded")
        finally:
            for c in crowd:
                c.close()

        def is_open():
            with self.shop.connect() as c:
                return c.request("GET", "/api/products").status == 200
        wait_until(is_open, what="others left, so there is room")


class Exports(shop.ShopTest):
    """An export is made in memory, so only a few exist at a time."""

    def test_unread_exports_are_few(self):
        thing, orders = self.shop.product(total=10000), 3000  # some 600 KB as a table

        def buy(token):
            with self.shop.connect() as c:
                c.send(request_bytes("POST", "/api/flash-buy", {"product_id": thing}, token=token) * 100)
                self.assertEqual([200] * 100, [c.read_answer().status for _ in range(100)])
        tokens = self.shop.seeds(orders // 100)
        in_parallel(len(tokens), lambda i: buy(tokens[i]))
        export = "/api/admin/orders.csv"
        wait_until(lambda: self.shop.admin.get(export).body.count(b"\n") == orders + 1, 30, what="all are exported")
        stalled = [self.shop.connect(receive_bytes=4096) for _ in range(30)]
        for c in stalled:
            c.send(request_bytes("GET", export, token=self.shop.admin.token))
        statuses = [c.read_head().status for c in stalled]
        self.assertEqual({200: 4, 503: 26}, {s: statuses.count(s) for s in statuses})
        self.assertError(self.shop.admin.get(export), 503, "overloaded")
        for c in stalled:
            c.close()
        wait_until(lambda: self.shop.admin.get(export).status == 200, what="exports are possible again")


if __name__ == "__main__":
    shop.main()
