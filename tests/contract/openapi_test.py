"""The document and the router agree."""
import datetime
import json
import os
import re
import time

import shop
from apidoc import DOCUMENT, faults, operations
from wire import request_bytes

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CONTRACT_METRICS = {
    "buys_total": {"outcome"}, "buy_duration_seconds": set(), "stock_units": {"product", "state"}, "ledger_drift_units": set(),
    "commit_batch_size": set(), "commit_duration_seconds": set(), "queue_depth": {"stage"}, "queue_oldest_age_seconds": {"stage"},
    "fulfilment_duration_seconds": {"stage"}, "fulfilment_attempts_total": {"stage", "result"}, "dead_letters": set(),
    "rate_limited_total": {"policy"}, "http_requests_total": {"route", "method", "status"},
    "http_request_duration_seconds": {"route"}, "connections": set(), "breaker_state": {"dependency"}, "workers": {"place"},
    "ready": set(),
    "build_info": {"version", "revision", "compiler"},
}


class Document(shop.ShopTest):
    settings = {"PAYMENT": "simulated:?latency=10ms&decline=0%"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer, cls.admin = cls.shop.register(), cls.shop.admin
        cls.thing = cls.shop.product(per_user_limit=500, total=1000)
        cls.order = cls.buyer.buy(cls.thing, key="the-key").data["order_id"]
        cls.buyer.wait_for(cls.order, "confirmed")

    def test_the_served_document_is_the_one_in_the_tree(self):
        answer = self.shop.get("/openapi.json")
        self.assertEqual((200, DOCUMENT), (answer.status, answer.json()))
        self.assertTrue(DOCUMENT["openapi"].startswith("3.1"))

    def test_every_documented_operation_is_served(self):
        for operation in operations():
            token = self.admin.token if operation.is_admin else self.buyer.token if operation.needs_token else None
            with self.subTest(operation=operation.id), self.shop.connect() as c:
                c.send(request_bytes(operation.method, operation.filled(id="nothing-of-that"), token=token))
                head = c.read_head()
                self.assertNotEqual(405, head.status)
                self.assertNotEqual(501, head.status)
                if head.status == 404:  # a resource that does not exist, not a route that does not
                    c.socket.settimeout(5)
                    length = int(head.header("Content-Length"))
                    while len(c.pending) < length:
                        c._more()
                    self.assertNotEqual("There is nothing here.", json.loads(c.pending[:length])["detail"])

    def test_undocumented_methods_are_refused_with_allow(self):
        by_path = {}
        for operation in operations():
            by_path.setdefault(operation.path, {"filled": operation.filled(), "methods": set()})["methods"].add(operation.method)
        for path, known in by_path.items():
            served = known["methods"] | ({"HEAD"} if "GET" in known["methods"] else set())
            for method in METHODS:
                if method in served:
                    continue
                with self.subTest(path=path, method=method):
                    answer = self.shop.request(method, known["filled"], token=self.admin.token)
                    self.assertEqual(405, answer.status, answer)
                    self.assertEqual(served, set(answer.header("Allow").split(", ")))

    def test_nothing_else_is_served(self):
        for path in ("/control/users", "/control/verify", "/control/products", "/api/v1/products", "/api/debug", "/debug/pprof",
                     "/api/admin", "/api/admin/users", "/api/orders/", "/api/auth", "/swagger", "/graphql", "/.env", "/server-status"):
            for method in ("GET", "POST"):
                with self.subTest(path=path, method=method), self.shop.connect() as c:
                    self.assertIn(c.request(method, path, token=self.admin.token).status, (400, 404))

    def successes(self):
        """(operation id, answer) of a success of as many operations as can be made to succeed."""
        b, a, shop_ = self.buyer, self.admin, self.shop
        product = {"id": "documented", "name": "Documented", "total": 5, "sale_price_minor": 100}
        yield "register", shop_.post("/api/auth/register", {"email": "documented@buyers.test", "password": shop.BUYER_PASSWORD})
        login = shop_.post("/api/auth/login", {"email": "documented@buyers.test", "password": shop.BUYER_PASSWORD})
        yield "login", login
        fresh = shop_.post("/api/auth/refresh", {"refresh_token": login.data["refresh_token"]})
        yield "refresh", fresh
        password = {"current_password": shop.BUYER_PASSWORD, "new_password": "A-new-word-for-old-61"}
        changed = shop_.post("/api/auth/password", password, token=fresh.data["access_token"])
        yield "changePassword", changed
        yield "logout", shop_.post("/api/auth/logout", {}, token=changed.data["access_token"])
        yield "me", b.get("/api/auth/me")
        yield "listProducts", shop_.get("/api/products")
        yield "getProduct", shop_.get(f"/api/products/{self.thing}")
        yield "flashBuy", b.buy(self.thing)
        yield "listOrders", b.get("/api/orders?limit=1")
        yield "getOrder", b.get(f"/api/orders/{self.order}")
        yield "getOrderByKey", b.get("/api/orders/by-key/the-key")
        yield "getInvoice", b.get(f"/api/orders/{self.order}/invoice.pdf")
        shop_.pause_queue()
        yield "cancelOrder", b.post(f"/api/orders/{b.buy(self.thing).data['order_id']}/cancel")
        yield "adminPauseQueue", a.post("/api/admin/queue/pause")
        yield "adminResumeQueue", a.post("/api/admin/queue/resume")
        yield "adminListProducts", a.get("/api/admin/products")
        yield "adminCreateProduct", a.post("/api/admin/products", product)
        yield "adminGetProduct", a.get("/api/admin/products/documented")
        yield "adminChangeProduct", a.send("PATCH", "/api/admin/products/documented", {"name": "Changed"})
        yield "adminAdjustStock", a.post("/api/admin/products/documented/stock", {"delta": 1, "reason": "r"})
        yield "adminPauseProduct", a.post("/api/admin/products/documented/pause")
        yield "adminResumeProduct", a.post("/api/admin/products/documented/resume")
        yield "adminRemoveProduct", a.send("DELETE", "/api/admin/products/documented")
        yield "adminListOrders", a.get("/api/admin/orders")
        yield "adminGetOrder", a.get(f"/api/admin/orders/{self.order}")
        yield "adminOrdersCsv", a.get("/api/admin/orders.csv")
        yield "adminRefundOrder", a.post(f"/api/admin/orders/{self.order}/refund")
        yield "adminStats", a.get("/api/admin/stats")
        yield "adminQueue", a.get("/api/admin/queue")
        yield "adminHistory", a.get("/api/admin/history")
        yield "adminFinishedSteps", a.get("/api/admin/queue/steps")
        yield "adminDeadLetters", a.get("/api/admin/queue/dead")
        yield "adminRetryDeadMany", a.post("/api/admin/queue/dead/retry", {"all": True})
        yield "adminDiscardDeadMany", a.post("/api/admin/queue/dead/discard", {"order_ids": [self.order]})
        workers = a.get("/api/admin/workers")
        yield "adminWorkers", workers
        yield "adminSetWorker", a.send("PUT", f"/api/admin/workers/{workers.data[0]['id']}", {"concurrency": 9})
        yield "adminGetRateLimits", a.get("/api/admin/rate-limits")
        yield "adminSetRateLimits", a.send("PUT", "/api/admin/rate-limits", {"login": "off"})
        hook = a.post("/api/admin/webhooks", {"url": "https://shop.invalid/hooks", "events": ["order.*"]})
        yield "adminCreateWebhook", hook
        one = f"/api/admin/webhooks/{hook.data['id']}"
        yield "adminWebhooks", a.get("/api/admin/webhooks")
        yield "adminWebhook", a.get(one)
        yield "adminChangeWebhook", a.send("PATCH", one, {"enabled": False})
        yield "adminRotateWebhook", a.post(f"{one}/rotate", {})
        yield "adminTestWebhook", a.post(f"{one}/test")
        yield "adminWebhookDeliveries", a.get(f"{one}/deliveries?limit=3")
        yield "adminRetryWebhook", a.post(f"{one}/deliveries/retry", {})
        yield "adminRemoveWebhook", a.send("DELETE", one)
        yield "adminAudit", a.get("/api/admin/audit?limit=3")
        yield "healthz", shop_.get("/healthz")
        yield "readyz", shop_.get("/readyz")
        yield "metrics", a.get("/metrics")
        yield "openapi", shop_.get("/openapi.json")
        yield "docs", shop_.get("/docs")

    def test_answers_are_as_documented(self):
        by_id, seen = {operation.id: operation for operation in operations()}, set()
        for name, answer in self.successes():
            seen.add(name)
            with self.subTest(operation=name):
                self.assertLess(answer.status, 300, answer)
                documented = by_id[name].response(answer.status)
                self.assertIsNotNone(documented, f"{answer.status} is not documented")
                content = documented.get("content")
                if not content:
                    self.assertEqual(b"", answer.body)
                    continue
                kind = answer.header("Content-Type").split(";")[0]
                self.assertIn(kind, content)
                if kind == "application/json" and name != "openapi":
                    self.assertEqual([], faults(answer.json(), content[kind]["schema"]))
        streams = {"productEvents", "orderEvents", "adminEvents"}
        dead = {"adminRetryDead", "adminDiscardDead"}  # life_of_an_order_test
        payments = {"getPayment", "openPayment", "pretendPayment", "stripeWebhook"}  # stripe_test
        self.assertEqual(set(by_id) - streams - dead - payments, seen)

    def test_clocks_can_be_set_by_an_answer(self):
        def heard(ask):
            before = time.time()
            told = ask()
            self.assertRegex(told, DOCUMENT["components"]["headers"]["XServerTime"]["schema"]["pattern"])
            at = datetime.datetime.fromisoformat(told).timestamp()
            self.assertTrue(before - 0.1 <= at <= time.time() + 0.1, (before, told))
        for path in ("/api/products", f"/api/products/{self.thing}", "/api/admin/products", f"/api/admin/products/{self.thing}"):
            with self.subTest(path=path):
                heard(lambda: self.admin.get(path).header("X-Server-Time"))
        for path, token in ((f"/api/products/{self.thing}/events", None), (f"/api/orders/{self.order}/events", self.buyer.token),
                            ("/api/admin/events", self.admin.token)):
            def listen():
                with self.shop.events(path, token=token) as stream:
                    return stream.head.header("X-Server-Time")
            with self.subTest(path=path):
                heard(listen)

    def test_refusals_are_documented(self):
        buyer = self.shop.register()
        for operation in operations():
            if operation.id.endswith(("Events", "events")):
                continue
            who = {"nobody": None, "somebody": buyer.token, "owner": self.admin.token}
            for name, token in who.items():
                if operation.id == "logout" and token:
                    continue
                answer = self.shop.request(operation.method, operation.filled(), token=token,
                                           headers={"Content-Type": "application/json"} if operation.method != "GET" else None)
                if answer.status >= 400:
                    with self.subTest(operation=operation.id, who=name, status=answer.status):
                        documented = operation.response(answer.status)
                        self.assertIsNotNone(documented, f"{answer.status} {answer.code} is not documented")
                        self.assertEqual([], faults(answer.json(), documented["content"]["application/json"]["schema"]))


class Metrics(shop.ShopTest):
    def text(self):
        return self.shop.admin.get("/metrics")

    def test_every_name_of_the_contract(self):
        buyer, thing = self.shop.register(), self.shop.product()
        buyer.wait_for(buyer.buy(thing).data["order_id"], "confirmed")
        self.shop.get("/nothing")
        answer = self.text()
        self.assertEqual(200, answer.status)
        self.assertTrue(answer.header("Content-Type").startswith("text/plain; version=0.0.4"))
        lines = answer.body.decode().splitlines()
        kinds = dict(line.split(" ")[2:4] for line in lines if line.startswith("# TYPE "))
        labels = {}
        for line in lines:
            if line and line[0] != "#":
                name, _, rest = line.partition("{") if "{" in line.split(" ")[0] else (line.split(" ")[0], "", "")
                found = set(re.findall(r'([a-z_]+)="', rest)) - {"le", "quantile"}
                labels.setdefault(re.sub("_(bucket|sum|count)$", "", name), set()).update(found)
        for name, expected in CONTRACT_METRICS.items():
            with self.subTest(metric=name):
                self.assertIn("scalemart_" + name, kinds)
                if expected is not None and "scalemart_" + name in labels:
                    self.assertEqual(expected, labels["scalemart_" + name])
        self.assertIn("scalemart_build_info", labels, "what is running is told, not only announced")
        self.assertEqual("counter", kinds["scalemart_buys_total"])
        self.assertEqual("histogram", kinds["scalemart_buy_duration_seconds"])
        self.assertIn("process_resident_memory_bytes", kinds)
        for secret in (buyer.id, buyer.email, "127.0.0.1"):
            self.assertNotIn(secret, answer.body.decode())

    def test_the_golden_list_is_what_is_served(self):
        golden = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "metrics.txt")
        with open(golden, encoding="utf-8") as file:
            expected = {line.split()[0]: line.split()[1] for line in file if line.strip() and not line.startswith("#")}
        lines = self.text().body.decode().splitlines()
        self.assertEqual(expected, dict(line.split(" ")[2:4] for line in lines if line.startswith("# TYPE ")))

    def test_labels_are_bounded_whatever_is_asked(self):
        def series():
            lines = self.text().body.decode().splitlines()
            return {line.rsplit(" ", 1)[0] for line in lines if line.startswith("scalemart_http_")}
        for path in ("/nothing", "/api/products/unknown", "/metrics"):
            self.shop.get(path)
        series()  # logs the administrator in, a route of its own
        before = series()
        for i in range(200):
            self.shop.get(f"/nothing-{i}")
            self.shop.get(f"/api/products/unknown-{i}")
        self.assertEqual(before, series())


if __name__ == "__main__":
    shop.main()
