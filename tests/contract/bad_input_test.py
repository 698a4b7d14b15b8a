"""Whatever is sent: a clear answer, a living server, and not a byte of difference in the ledger."""
import json
import socket
import threading
import time
import unittest

import shop
from wire import Closed, Connection, exchange, request_bytes

REFUSED_AND_CLOSED = (400, 411, 413, 414, 417, 431, 501, 505)


class BadInput(shop.ShopTest):
    settings = {"HEADER_TIMEOUT": "2s", "IDLE_TIMEOUT": "3s"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.shop.register()
        cls.admin = cls.shop.admin
        cls.thing = cls.shop.product(total=50)

    def setUp(self):
        self.before = self.shop.ledger(), self.shop.stock(self.thing)

    def tearDown(self):
        self.assertUnchanged()
        self.assertEqual(200, self.shop.get("/readyz").status)

    def assertUnchanged(self):
        self.assertEqual(self.before, (self.shop.ledger(), self.shop.stock(self.thing)))

    def refused(self, answer, *allowed):
        """One of the allowed (status, code) pairs, as a whole error, and the ledger as it was."""
        self.assertIn((answer.status, answer.code), allowed, answer)
        self.assertError(answer, answer.status, answer.code)
        self.assertUnchanged()

    def buy_bytes(self, body=None, **more):
        body = json.dumps({"product_id": self.thing, "quantity": 1}) if body is None else body
        return request_bytes("POST", "/api/flash-buy", body, token=self.buyer.token, **more)


INVALID, MALFORMED = (422, "validation_error"), (400, "malformed_json")


class Bodies(BadInput):
    def test_quantities(self):
        for text in ("-1", "0", "11", "1.5", '"1"', "null", "9223372036854775808", "18446744073709551616", "4294967297",
                     "2147483648", "-9223372036854775808", "true", "false", "[]", "{}", "[1]", '""', "1e2", "1e-1"):
            with self.subTest(quantity=text):
                body = f'{{"product_id":"{self.thing}","quantity":{text}}}'
                self.refused(self.buyer.post("/api/flash-buy", body), INVALID)

    def test_quantities_that_are_no_json(self):
        for text in ("1e999", "1e400", "-1e999", "-", "+1", "01", "1.", ".5", "0x1", "NaN", "Infinity", "-Infinity", "1 1", "", "١"):
            with self.subTest(quantity=text):
                body = f'{{"product_id":"{self.thing}","quantity":{text}}}'
                self.refused(self.buyer.post("/api/flash-buy", body), MALFORMED, INVALID)

    def test_product_ids(self):
        for value in (7, None, True, [], {}, "", "-", "UPPER", "under_score", "a b", "ä", "../etc", "a/b", "%00", "x" * 65,
                      "y" * 10_000, "\u0000", "a\u0000b", self.thing + "\n", " " + self.thing, "' OR 1=1 --", "${jndi:x}"):
            with self.subTest(product_id=str(value)[:40]):
                self.refused(self.buyer.post("/api/flash-buy", {"product_id": value, "quantity": 1}), INVALID)
        self.refused(self.buyer.buy("unknown-thing"), (404, "product_not_found"))
        self.assertEqual(404, self.shop.get("/api/products/unknown-thing").status)

    def test_ids_in_paths(self):
        for bad in ("z" * 6000, "x" * 65, "%00", "%0a", "%ff", "..%2f..%2fetc", "a%20b", "%", "%4", "A", "'", "%e2%82%28"):
            for path in ("/api/products/{}", "/api/orders/{}", "/api/orders/{}/invoice.pdf", "/api/orders/{}/cancel",
                         "/api/admin/products/{}"):
                with self.subTest(path=path.format(bad[:20])):
                    with self.shop.connect() as c:
                        method = "POST" if path.endswith("cancel") else "GET"
                        answer = c.request(method, path.format(bad), token=self.admin.token)
                    self.assertIn(answer.status, (400, 404, 414, 422), answer)
                    self.assertError(answer, answer.status, answer.code)
        self.assertUnchanged()

    def test_cursors_of_no_list(self):
        lists = ("/api/orders", "/api/admin/orders", "/api/admin/orders.csv", "/api/admin/audit")
        for cursor in ("x", "-1", "0", "9" * 26, "%F0%9F", "1:1", "z" * 64):
            for path in lists:
                with self.subTest(path=path, cursor=cursor):
                    self.assertError(self.admin.get(f"{path}?cursor={cursor}"), *INVALID)
        self.assertUnchanged()

    def test_invalid_utf8(self):
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\x80"):
            with self.subTest(bytes=bad):
                body = b'{"product_id":"' + self.thing.encode() + bad + b'","quantity":1}'
                self.refused(self.buyer.post("/api/flash-buy", body), MALFORMED)
                email = b'{"email":"a' + bad + b'@b.test","password":"long enough 123"}'
                self.refused(self.shop.post("/api/auth/register", email), MALFORMED, INVALID)

    def test_odd_escapes(self):
        for text in ('"\\ud800"', '"\\udc00\\ud800"', '"\\u12"', '"\\x41"', '"a\nb"', '"\\'):
            with self.subTest(text=text):
                self.refused(self.buyer.post("/api/flash-buy", f'{{"product_id":{text},"quantity":1}}'), MALFORMED, INVALID)

    def test_depth(self):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            for depth in (33, 100, 10_000):
                with self.subTest(depth=depth, opening=opening):
                    body = opening * depth + "1" + closing * depth
                    self.refused(self.buyer.post("/api/flash-buy", body), MALFORMED, INVALID)
                    nested = f'{{"product_id":"{self.thing}","quantity":{body}}}'
                    self.refused(self.buyer.post("/api/flash-buy", nested), MALFORMED, INVALID)
        unclosed = "[" * 60_000
        self.refused(self.buyer.post("/api/flash-buy", unclosed), MALFORMED, INVALID)

    def test_duplicate_keys(self):
        for body in (f'{{"product_id":"{self.thing}","quantity":1,"quantity":2}}',
                     f'{{"product_id":"{self.thing}","product_id":"{self.thing}"}}',
                     f'{{"product_id":"{self.thing}","quantity":1,"quantit\\u0079":1}}'):
            with self.subTest(body=body):
                self.refused(self.buyer.post("/api/flash-buy", body), MALFORMED, INVALID)

    def test_unknown_members(self):
        for name in ("role", "price", "unit_price_minor", "sale_price_minor", "status", "user_id", "buyer_id", "stock",
                     "created_at", "total_minor", "__proto__", "constructor", "Quantity", "", "quantity ", "$ne"):
            with self.subTest(name=name):
                body = {"product_id": self.thing, "quantity": 1, name: 1}
                self.refused(self.buyer.post("/api/flash-buy", body), INVALID)

    def test_mass_assignment_everywhere(self):
        fine = {
            ("POST", "/api/auth/register"): {"email": "mass@buyers.test", "password": "long enough 123"},
            ("POST", "/api/auth/login"): {"email": self.buyer.email, "password": shop.BUYER_PASSWORD},
            ("POST", "/api/auth/refresh"): {"refresh_token": self.buyer.refresh_token},
            ("POST", "/api/auth/logout"): {},
            ("POST", "/api/auth/password"): {"current_password": "x", "new_password": "long enough 123"},
            ("POST", "/api/admin/products"): {"id": "mass", "name": "m", "total": 1, "sale_price_minor": 1},
            ("PATCH", f"/api/admin/products/{self.thing}"): {"name": "renamed"},
            ("POST", f"/api/admin/products/{self.thing}/stock"): {"delta": 1, "reason": "r"},
            ("PUT", "/api/admin/rate-limits"): {"flash_buy": "off"},
            ("PUT", "/api/admin/workers/worker-1"): {"concurrency": 5},
        }
        for (method, path), body in fine.items():
            token = self.admin.token if "/admin/" in path else self.buyer.token
            for name in ("role", "price", "status", "user_id", "stock", "sold", "created_at", "is_admin"):
                with self.subTest(path=path, name=name):
                    answer = self.shop.request(method, path, {**body, name: "admin"}, token=token)
                    self.assertError(answer, 422, "validation_error")
        self.assertEqual(404, self.shop.get("/api/products/mass").status)
        self.assertError(self.shop.post("/api/auth/login", {"email": "mass@buyers.test", "password": "long enough 123"}),
                         401, "invalid_credentials")

    def test_bodies_that_are_no_object(self):
        for body in ("[]", "1", "null", "true", '"text"', f'["{self.thing}"]', f'[{{"product_id":"{self.thing}"}}]'):
            with self.subTest(body=body):
                self.refused(self.buyer.post("/api/flash-buy", body), INVALID)

    def test_trailing_and_surrounding_data(self):
        good = f'{{"product_id":"{self.thing}","quantity":1}}'
        for body in (good + "x", good + good, good + "\0", "\ufeff" + good, good + ",", "/**/" + good, good[:-1],
                     good.replace('"', "'"), "", " ", "\0"):
            with self.subTest(body=body):
                self.refused(self.buyer.post("/api/flash-buy", body.encode()), MALFORMED)

    def test_accounts(self):
        good = {"email": "somebody@buyers.test", "password": "long enough 123"}
        for change in ({"email": "no-at"}, {"email": "a@b@c"}, {"email": ""}, {"email": "a" * 300 + "@b.test"},
                       {"email": "a@b.test\r\nBcc: c@d.test"}, {"email": 7}, {"email": None}, {"email": "<a@b.test>"},
                       {"email": "a@b..test"}, {"email": "a;c@b.test"}, {"email": "\u00e9@b.test"}, {"password": "short"},
                       {"password": "x" * 129}, {"password": ["long enough 123"]}, {"password": None},
                       {"name": "x" * 101}, {"name": "two\nlines"}, {"name": "\u001b[31mred"},
                       {"name": "\u009b31mred"}, {"name": 5}):
            with self.subTest(change=str(change)[:60]):
                self.refused(self.shop.post("/api/auth/register", {**good, **change}), INVALID)

    def test_products(self):
        good = {"id": "bad-product", "name": "n", "total": 1, "sale_price_minor": 1, "currency": "EUR"}
        for change in ({"id": "UPPER"}, {"id": ""}, {"id": "x" * 65}, {"total": -1}, {"total": 1.5}, {"total": 10**12},
                       {"total": 2**63}, {"total": "1"}, {"sale_price_minor": -1}, {"sale_price_minor": 10**15},
                       {"currency": "eur"}, {"currency": "EURO"}, {"name": ""}, {"name": "x" * 201}, {"name": "a\u0000b"},
                       {"starts_at": "tomorrow"}, {"starts_at": "2026-02-30T00:00:00Z"}, {"starts_at": 5},
                       {"starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"},
                       {"per_user_limit": 0}, {"per_user_limit": -1}, {"image_url": "javascript:alert(1)"},
                       {"image_url": "//evil.test/x.png"}, {"image_url": "http://evil.test/x.png"}):
            with self.subTest(change=str(change)[:60]):
                self.refused(self.admin.post("/api/admin/products", {**good, **change}), INVALID)
        for delta in (0, 10**12, 2**63, -2**63, 1.5, "1", None):
            with self.subTest(delta=delta):
                self.refused(self.shop.restock(self.thing, delta), INVALID) if delta is not None else None
        self.refused(self.shop.restock(self.thing, -51), (409, "invalid_state"))

    def test_rate_limits_and_workers(self):
        before = self.admin.get("/api/admin/rate-limits").data
        for text in ("", "x", "0/60s", "-1/60s", "10/0s", "10/60", "10/60s,burst=0", "10/60s,burst=x", "1e3/60s", "10 / 60s",
                     "10/99999999h", "1000000000000/1s"):
            with self.subTest(text=text):
                self.refused(self.admin.send("PUT", "/api/admin/rate-limits", {"flash_buy": text}), INVALID)
        # All or nothing: a good one beside a bad one is not taken.
        self.refused(self.admin.send("PUT", "/api/admin/rate-limits", {"login": "5/1s", "register": "bad"}), INVALID)
        self.assertEqual({n: v["limit"] for n, v in before.items()},
                         {n: v["limit"] for n, v in self.admin.get("/api/admin/rate-limits").data.items()})
        for concurrency in (0, -1, 100_001, 1.5, "5", None):
            with self.subTest(concurrency=concurrency):
                worker = self.admin.get("/api/admin/workers").data[0]["id"]
                self.refused(self.admin.send("PUT", f"/api/admin/workers/{worker}", {"concurrency": concurrency}), INVALID)

    def test_body_sizes(self):
        limit = 64 * 1024
        padded = lambda size: ('{"product_id":"%s","quantity":11}' % self.thing).ljust(size).encode()
        self.refused(self.buyer.post("/api/flash-buy", padded(limit)), INVALID)
        for size in (limit + 1, 10 * limit):
            with self.subTest(size=size):
                self.refused(self.buyer.post("/api/flash-buy", padded(size)), (413, "body_too_large"))
        with self.shop.connect() as c:  # by its announced length alone, before any of it is sent
            c.send(request_bytes("POST", "/api/flash-buy", token=self.buyer.token,
                                 headers={"Content-Type": "application/json", "Content-Length": str(10**12)}))
            self.refused(c.read_answer(), (413, "body_too_large"))


class Framing(BadInput):
    """Raw bytes. Everything ambiguous ends the connection, and nothing that was smuggled behind it is served."""
    SMUGGLED = "smuggled-0001"

    def framed(self, *lines, body=b"", method="POST", path="/api/flash-buy", version="HTTP/1.1", host="Host: shop.test"):
        fields = [line for line in (host, "Authorization: Bearer " + self.buyer.token,
                                    "Content-Type: application/json", *lines) if line is not None]
        return (f"{method} {path} {version}\r\n" + "\r\n".join(fields) + "\r\n\r\n").encode("latin-1") + body

    def is_refused(self, data, statuses=REFUSED_AND_CLOSED, pieces=None):
        smuggled = request_bytes("GET", "/healthz", headers={"X-Request-Id": self.SMUGGLED})
        answers, closed = exchange(self.shop.port, data + smuggled, pieces=pieces and pieces + [smuggled])
        self.assertTrue(closed, "the connection stayed open")
        self.assertEqual(1, len(answers), answers)
        self.assertIn(answers[0].status, statuses, answers)
        self.assertNotEqual(self.SMUGGLED, answers[0].header("X-Request-Id"))
        self.assertError(answers[0], answers[0].status, answers[0].code)
        self.assertEqual("close", answers[0].header("Connection"))
        return answers[0]

    def good_body(self):
        return json.dumps({"product_id": self.thing, "quantity": 1}).encode()

    def chunked(self, body=None):
        body = self.good_body() if body is None else body
        return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    def test_transfer_encodings(self):
        length = f"Content-Length: {len(self.good_body())}"
        for lines in (["Transfer-Encoding: gzip"], ["Transfer-Encoding: chunked, gzip"], ["Transfer-Encoding: gzip, chunked"],
                      ["Transfer-Encoding: identity"], ["Transfer-Encoding: chunked, identity"], ["Transfer-Encoding: x"],
                      ["Transfer-Encoding: chunked, x"], ["Transfer-Encoding:"], ["Transfer-Encoding: "],
                      ["Transfer-Encoding: chunked, chunked"], ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
                      ["Transfer-Encoding: chunked", "Transfer-Encoding: x"], ["Transfer-Encoding: \"chunked\""],
                      ["Transfer-Encoding: chunked;q=1"], ["Transfer-Encoding: xchunked"], ["Transfer-Encoding: chunked "
                       ",", ], ["Transfer-Encoding: \x0bchunked"], ["Transfer-Encoding\x00: chunked"],
                      ["Transfer-Encoding : chunked"], [" Transfer-Encoding: chunked"], ["Transfer-Encoding: ch\xfcnked"],
                      ["Transfer-Encoding: chunked", length], [length, "Transfer-Encoding: chunked"],
                      ["Transfer-Encoding: gzip", length], [length, "Transfer-Encoding: gzip"],
                      ["Transfer-Encoding:\r\n chunked"], ["Foo: bar\r\n Transfer-Encoding: chunked"]):
            with self.subTest(lines=lines):
                self.is_refused(self.framed(*lines, body=self.chunked()))
        self.assertUnchanged()

    def test_chunked_in_http_1_0(self):
        self.is_refused(self.framed("Transfer-Encoding: chunked", version="HTTP/1.0", body=self.chunked()))
        self.assertUnchanged()

    def test_chunks(self):
        body = self.good_body()
        n = b"%x" % len(body)
        for name, sent in {
            "negative": b"-1\r\n" + body + b"\r\n0\r\n\r\n", "0x": b"0x" + n + b"\r\n" + body + b"\r\n0\r\n\r\n",
            "plus": b"+" + n + b"\r\n" + body + b"\r\n0\r\n\r\n", "huge": b"FFFFFFFFFFFFFFFF\r\n" + body + b"\r\n0\r\n\r\n",
            "overflow": b"1" + b"0" * 16 + b"\r\n" + body, "no digits": b"\r\n" + body + b"\r\n0\r\n\r\n",
            "text": b"zz\r\n" + body + b"\r\n0\r\n\r\n", "space first": b" " + n + b"\r\n" + body + b"\r\n0\r\n\r\n",
            "bare LF": n + b"\n" + body + b"\n0\n\n", "too short": n + b"\r\n" + body[:-3] + b"\r\n0\r\n\r\n",
            "too long": n + b"\r\n" + body + b"xx\r\n0\r\n\r\n", "underscore": b"1_0\r\n" + body + b"\r\n0\r\n\r\n",
            "endless extension": n + b";" + b"e" * 20_000 + b"\r\n" + body + b"\r\n0\r\n\r\n",
            "CR in extension": n + b";a\rb\r\n" + body + b"\r\n0\r\n\r\n",
            "endless trailer": n + b"\r\n" + body + b"\r\n0\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
        }.items():
            with self.subTest(chunks=name):
                self.is_refused(self.framed("Transfer-Encoding: chunked", body=sent), (400, 413, 431))
        self.assertUnchanged()

    def test_chunked_body_larger_than_the_limit(self):
        one = b"400\r\n" + b" " * 0x400 + b"\r\n"
        self.is_refused(self.framed("Transfer-Encoding: chunked"), (413,), pieces=[
            self.framed("Transfer-Encoding: chunked")] + [one] * 100)
        self.is_refused(self.framed("Transfer-Encoding: chunked", body=b"11000\r\n"), (413,))
        # Many tiny chunks: framing that outweighs its body.
        self.is_refused(self.framed("Transfer-Encoding: chunked", body=b"1\r\n \r\n" * 30_000 + b"0\r\n\r\n"), (400, 413))
        self.assertUnchanged()

    def test_content_lengths(self):
        n = len(self.good_body())
        for value in ("-1", f"+{n}", f"{n}, {n}", f"{n},{n}", f"{n} {n}", f"0x{n:x}", f"{n}.0", f"{n}a", "", " ", "1e2", "１",
                      "18446744073709551615", "18446744073709551616", "9" * 40, f"{n};", f"\x0b{n}", "_1", "''"):
            with self.subTest(value=value):
                line = "Content-Length: " + value.encode("utf-8").decode("latin-1")
                self.is_refused(self.framed(line, body=self.good_body()), (400, 413))
        for lines in ([f"Content-Length: {n}", f"Content-Length: {n}"], [f"Content-Length: {n}", "Content-Length: 0"],
                      ["Content-Length: 0", f"Content-Length: {n}"], [f"Content-Length : {n}"], [f"Content-Length:\r\n {n}"]):
            with self.subTest(lines=lines):
                self.is_refused(self.framed(*lines, body=self.good_body()))
        self.assertUnchanged()

    def test_hosts(self):
        n = f"Content-Length: {len(self.good_body())}"
        for hosts in ([], ["Host: a.test", "Host: b.test"], ["Host: shop.test", "Host: shop.test"], ["Host:"], ["Host: a b"],
                      ["Host: a/b"], ["Host: a@b"], ["Host: a:b:c"], ["Host: \x01"], ["Host: [::1"],
                      ["Host: a.test:99999999"], ["host: a.test", "HOST: a.test"], ["Host : a.test"], ["Host: <script>"]):
            with self.subTest(hosts=hosts):
                self.is_refused(self.framed(*hosts, n, body=self.good_body(), host=None), (400,))
        self.assertUnchanged()

    def test_header_lines(self):
        n = f"Content-Length: {len(self.good_body())}"
        for line in ("No-Colon", ": no name", "Na me: x", "Name\t: x", "X: a\x00b", "X: a\rb", "X: a\r\n b", "X\x7f: y", "(x): y",
                     "X-\xfc: y", "X: a\nInjected: b\x00"):
            with self.subTest(line=line):
                self.is_refused(self.framed(line, n, body=self.good_body()), (400,))
        self.assertUnchanged()

    def test_header_bombs(self):
        for lines in (["X: " + "b" * 17_000], [f"X{i}: y" for i in range(101)], ["A:"] * 5000, ["X: " + "b" * 10**6],
                      ["X" * 17_000 + ": y"], ["Cookie: " + "a=b; " * 4000]):
            with self.subTest(lines=len(lines), first=len(lines[0])):
                self.assertEqual("headers_too_large", self.is_refused(self.framed(*lines), (431,)).code)
        endless = [b"GET /healthz HTTP/1.1\r\nHost: a\r\n"] + [b"X-More: and more\r\n" * 100] * 100
        self.is_refused(b"", (431,), pieces=endless)
        self.assertUnchanged()

    def test_request_lines(self):
        for line, statuses in {
            "GET /" + "u" * 9000 + " HTTP/1.1": (414,), "GET /" + "u" * 10**6 + " HTTP/1.1": (414,),
            "GET /healthz HTTP/1.2": (400, 505), "GET /healthz HTTP/2.0": (400, 505), "GET /healthz HTTP/0.9": (400, 505),
            "GET /healthz HTTP/11": (400, 505), "GET /healthz http/1.1": (400, 505), "GET /healthz": (400, 505),
            "GET  /healthz HTTP/1.1": (400,), "GET /healthz  HTTP/1.1": (400, 505), "GET /health z HTTP/1.1": (400, 505),
            "GET\t/healthz HTTP/1.1": (400, 501), "GET healthz HTTP/1.1": (400,), "GET http://shop.test/healthz HTTP/1.1": (400,),
            "GET * HTTP/1.1": (400,), "OPTIONS * HTTP/1.1": (400,), "GET /a\x00b HTTP/1.1": (400,), "GET /a#b HTTP/1.1": (400,),
            "GET /a<b HTTP/1.1": (400,), "GET /\xfc HTTP/1.1": (400,), "get /healthz HTTP/1.1": (400, 405, 501),
            "BREW /healthz HTTP/1.1": (405, 501), "M" * 100 + " / HTTP/1.1": (400, 501), "(): / HTTP/1.1": (400, 501),
            "CONNECT shop.test:80 HTTP/1.1": (400, 405, 501),
        }.items():
            with self.subTest(line=line[:60]):
                data = line.encode("latin-1") + b"\r\nHost: shop.test\r\n\r\n"
                self.is_refused(data, statuses)

    def test_paths_that_are_not_plain(self):
        for path in ("//api/products", "/api//products", "/api/products/", "/api/./products", "/api/../api/products",
                     "/api/%2e%2e/admin", "/api/%2E/products", "/api%2fproducts", "/api/products%00", "/%61pi/products",
                     "/api/admin/../products", "/..", "/api/products/../../etc/passwd", "/api/orders//x"):
            with self.subTest(path=path), self.shop.connect() as c:
                self.assertIn(c.request("GET", path).status, (400, 404))

    def test_expectations(self):
        n = len(self.good_body())
        self.is_refused(self.framed("Expect: 200-ok", f"Content-Length: {n}", body=self.good_body()), (417,))
        bad = b'{"product_id":"%s","quantity":11}' % self.thing.encode()
        with self.shop.connect() as c:
            c.send(self.framed("Expect: 100-continue", f"Content-Length: {len(bad)}"))
            self.assertEqual(100, c.read_answer().status)
            c.send(bad)
            self.refused(c.read_answer(), INVALID)

    def test_not_http_at_all(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0" * 100, b"SSH-2.0-x\r\n\r\n", b"\r\n\r\n\r\n\r\n{}\r\n\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\xff" * 20_000):
            with self.subTest(data=data[:20]):
                answers, closed = exchange(self.shop.port, data, patience=6)
                self.assertTrue(closed)
                self.assertTrue(all(400 <= a.status <= 505 for a in answers), answers)
                self.assertLessEqual(len(answers), 1)

    def test_every_split_is_read_alike(self):
        """The same request in two pieces, cut anywhere, and byte by byte: the same verdict."""
        good = self.framed("Content-Length: 33", body=b'{"product_id":"nothing-of-that"} ')
        odd = self.framed("Transfer-Encoding: chunked, x", body=self.chunked())
        for data, status in ((good, 404), (odd, 400)):
            step = max(1, len(data) // 60)
            for cut in [*range(1, len(data), step)]:
                with self.shop.connect() as c:
                    c.send(data[:cut])
                    c.send(data[cut:])
                    self.assertEqual(status, c.read_answer().status, cut)
            with self.shop.connect() as c:
                for i in range(len(data)):
                    try:
                        c.send(data[i:i + 1])
                    except ConnectionError:
                        break
                self.assertEqual(status, c.read_answer().status)

    def test_a_body_is_never_taken_for_a_request(self):
        inner = request_bytes("GET", "/healthz", headers={"X-Request-Id": self.SMUGGLED})
        for method, path in (("GET", "/healthz"), ("POST", "/api/flash-buy"), ("DELETE", "/api/products"), ("GET", "/nothing")):
            with self.subTest(path=path), self.shop.connect() as c:
                c.send(request_bytes(method, path, headers={"Content-Length": str(len(inner))}) + inner)
                c.read_answer()
                try:
                    self.assertNotEqual(self.SMUGGLED, c.request("GET", "/healthz").header("X-Request-Id"))
                except (Closed, ConnectionError):
                    pass


def unsent_bytes(port, peer):
    """What the kernel holds of the server's answers to the client with that port (proc(5): tx_queue)."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            fields = line.split()
            if fields[1].endswith(f":{port:04X}") and fields[2].endswith(f":{peer:04X}"):
                return int(fields[4].split(":")[0], 16)
    raise AssertionError("no such connection")


class SlowClients(BadInput):
    """Header and body have 2 s here, an idle connection 3 s: whoever takes longer is cut off, whatever they send."""

    def drip(self, data, seconds=12, every=0.25):
        """Sends byte after byte; how long the server put up with it, and its answer if any."""
        begun = time.monotonic()
        with self.shop.connect(patience=seconds) as c:
            c.socket.settimeout(every)
            received = b""
            for i in range(int(seconds / every)):
                try:
                    c.socket.send(data[i:i + 1] or b"x")
                    chunk = c.socket.recv(65536)
                    if not chunk:
                        break
                    received += chunk
                except TimeoutError:
                    continue
                except ConnectionError:
                    break
            else:
                self.fail(f"still connected after {seconds} s; got {received!r}")
        return time.monotonic() - begun, received

    def test_all_kinds_at_once(self):
        head = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
        with_body = (b"POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 5000\r\n\r\n")
        kinds = {"head": head + b"X: " + b"y" * 1000, "request line": b"GET /" + b"a" * 1000,
                 "silence": None, "kept alive": b"", "nothing": None}
        results, errors = {}, []

        def run(name, work):
            try:
                results[name] = work()
            except Exception as problem:  # pylint: disable=broad-except
                errors.append((name, problem))

        def slow_body():
            begun = time.monotonic()
            with self.shop.connect(patience=12) as c:
                c.send(with_body)
                c.socket.settimeout(0.25)
                while time.monotonic() - begun < 12:
                    try:
                        c.socket.send(b" ")
                        if not c.socket.recv(65536):
                            break
                    except TimeoutError:
                        continue
                    except ConnectionError:
                        break
            return time.monotonic() - begun, b""

        def idle(after=b""):
            begun = time.monotonic()
            with self.shop.connect(patience=12) as c:
                if after:
                    c.request("GET", "/healthz")
                self.assertTrue(c.is_closed_by_peer(12))
            return time.monotonic() - begun, b""

        works = {"head": lambda: self.drip(kinds["head"]), "request line": lambda: self.drip(kinds["request line"]),
                 "body": slow_body, "says nothing": idle, "kept alive": lambda: idle(b"once")}
        threads = [threading.Thread(target=run, args=item) for item in works.items()]
        for thread in threads:
            thread.start()
        # Meanwhile others are served at once.
        begun = time.monotonic()
        for _ in range(50):
            self.assertEqual(200, self.shop.get("/healthz").status)
        self.assertLess(time.monotonic() - begun, 5)
        for thread in threads:
            thread.join(30)
        self.assertEqual([], errors)
        for name, (took, received) in results.items():
            with self.subTest(kind=name):
                self.assertLess(took, 8)
                self.assertGreater(took, 1)
                if received:
                    self.assertIn(b" 408 ", received.split(b"\r\n", 1)[0])

    def test_a_reader_that_reads_nothing_harms_nobody(self):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", self.shop.port))
            s.settimeout(2)
            try:
                for _ in range(200):
                    s.sendall(request_bytes("GET", "/openapi.json") * 10)
            except (TimeoutError, ConnectionError):
                pass
            begun = time.monotonic()
            self.assertEqual(200, self.shop.get("/healthz").status)
            self.assertLess(time.monotonic() - begun, 2)

    def test_unread_answers_do_not_pile_up_in_the_kernel(self):
        with self.shop.connect() as c:
            mine = c.socket.getsockname()[1]
            c.send(request_bytes("GET", "/openapi.json") * 200)  # some 20 MB of answers
            time.sleep(1)
            self.assertLess(unsent_bytes(self.shop.port, mine), 1 << 20)
            self.assertEqual([200] * 200, [c.read_answer().status for _ in range(200)])

    def test_a_client_that_leaves_is_forgotten(self):
        for _ in range(50):
            c = Connection(self.shop.port)
            c.send(self.buy_bytes(body='{"product_id":"nothing-of-that"}')[:-5])
            c.close()
        connections = lambda: self.shop.metrics()["scalemart_connections"]
        shop.wait_until(lambda: connections() <= 5, 10, what="connections are gone")


if __name__ == "__main__":
    shop.main()
