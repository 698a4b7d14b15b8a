"""Marked values through every route of the API, good and bad, at the lowest level of the log: none may be seen in logs or metrics."""
import base64
import os
import re
import urllib.parse

from watch import shop, skip, wait_until
from apidoc import operations, resolve
from mailbox import Mailbox
from wire import PATIENCE, Closed, Connection, request_bytes
from worker import Worker
try:
    from log_lines import Secrets, faults
except ImportError:
    skip("python3-jsonschema is needed")


class Canary(shop.ShopTest):
    @classmethod
    def setUpClass(cls):
        cls.secrets = Secrets()
        cls.mailbox = Mailbox(refuse=True)
        password = cls.secrets.add("Owl-" + cls.secrets.fresh("the administrator's password"), "the administrator's password")
        cls.email = cls.secrets.fresh("the administrator's address") + "@owners.test"
        cls.shop = shop.Shop(LOG="trace", SMTP=cls.mailbox.url, WORKERS=0, ADMIN_EMAIL=cls.email, ADMIN_PASSWORD=password,
                             JWT_SECRET=cls.secrets.fresh("the signing key") + "-0123456789-0123456789", RATE_LIMIT_DEFAULT="100000/1s",
                             WEBHOOK_ALLOW_PRIVATE="127.0.0.0/8", WEBHOOK_RETRY="50ms", WEBHOOK_DISABLE_AFTER="1s")
        cls.shop._admin = cls.shop.login(cls.email, password)
        cls.note_session(cls.shop.admin, "administrator")
        cls.worker = Worker(cls.shop, "control-" + os.urandom(4).hex(), LOG="trace").wait_until_there()

    @classmethod
    def tearDownClass(cls):
        cls.worker.stop()
        cls.shop.close()
        cls.mailbox.close()

    @classmethod
    def note_session(cls, session, whose):
        for kind in ("token", "refresh_token"):
            value = getattr(session, kind)
            cls.secrets.add(value, f"{whose}: {kind}")
            cls.secrets.add(value.rpartition(".")[2][-24:], f"{whose}: the end of the {kind}")

    def clean(self):
        """Nothing of it in the logs of both processes, nor in the metrics."""
        for where, text in (("the server's log", self.shop.log_tail(1 << 24)), ("the worker's log", self.worker.text()),
                            ("/metrics", self.shop.admin.get("/metrics").body.decode())):
            self.assertEqual(set(), self.secrets.seen_in(text), where)

    def buyer(self):
        email, password = self.secrets.fresh("a buyer's address") + "@buyers.test", "Pw-" + self.secrets.fresh("a buyer's password")
        answer = self.shop.post("/api/auth/register", {"email": email, "password": password, "name": self.secrets.fresh("a buyer's name")})
        self.assertEqual(201, answer.status, answer)
        buyer = shop.Buyer(self.shop, email, answer.data)
        buyer.password = password
        self.note_session(buyer, "buyer")
        return buyer

    def test_a_value_that_is_there_is_seen(self):
        """The control: the same search, for a name that does stand in both logs."""
        control = Secrets()
        control.add(self.worker.name, "the worker's name")
        for text in (self.shop.log_tail(1 << 24), self.worker.text()):
            self.assertEqual({f"the worker's name: {self.worker.name}"}, control.seen_in(text))

    def test_good_requests(self):
        buyer, thing = self.buyer(), self.shop.product(total=20)
        key = self.secrets.fresh("an idempotency key")
        order = buyer.buy(thing, key=key).data["order_id"]
        self.assertEqual(200, buyer.buy(thing, key=key).status)
        self.assertEqual(409, buyer.buy(thing, quantity=2, key=key).status)
        self.assertEqual(order, buyer.get(f"/api/orders/by-key/{key}").data["id"])
        buyer.wait_for(order, "confirmed")
        self.assertEqual(200, buyer.get(f"/api/orders/{order}/invoice.pdf").status)
        admin = self.shop.admin
        for path in (f"/api/admin/orders?q={urllib.parse.quote(buyer.email)}", f"/api/admin/audit?who={urllib.parse.quote(self.email)}",
                     f"/api/admin/orders.csv?q={urllib.parse.quote(buyer.email)}", f"/api/admin/orders/{order}"):
            self.assertIn(admin.get(path).status, (200, 422), path)
        again = self.shop.post("/api/auth/refresh", {"refresh_token": buyer.refresh_token})
        self.assertEqual(200, again.status)
        renewed = shop.Buyer(self.shop, buyer.email, again.data)
        self.note_session(renewed, "renewed")
        self.assertEqual(401, self.shop.post("/api/auth/refresh", {"refresh_token": self.secrets.fresh("no refresh token")}).status)
        new = "Pw-" + self.secrets.fresh("a new password")
        changed = renewed.post("/api/auth/password", {"current_password": buyer.password, "new_password": new})
        self.assertIn(changed.status, (200, 204, 422), changed)
        self.assertEqual(401, self.shop.post("/api/auth/login", {"email": buyer.email, "password": self.secrets.fresh("a wrong password")}).status)
        self.shop.post("/api/auth/logout", {"refresh_token": renewed.refresh_token}, token=renewed.token)
        # The mail server refuses the buyer's address, and says it in its refusal.
        letter = wait_until(lambda: [d for d in admin.get("/api/admin/queue/dead").data if d["order_id"] == order], what="the mail is refused")
        self.assertIn("550", letter[0]["reason"])
        self.assertEqual(200, admin.post(f"/api/admin/orders/{order}/refund").status)
        wait_until(lambda: '"mail_not_sent"' in self.shop.log_tail(1 << 24), what="the log tells of a notice that was refused")
        self.clean()

    def test_a_webhook_that_nobody_takes(self):
        url = f"http://127.0.0.1:{shop.free_port()}/{self.secrets.fresh('a path')}?key={self.secrets.fresh('a key in a URL')}"
        made = self.shop.admin.post("/api/admin/webhooks", {"url": url})
        self.assertEqual(201, made.status, made)
        self.secrets.add(made.data["secret"], "a webhook's secret")
        self.secrets.add(made.data["secret"].removeprefix("whsec_"), "a webhook's key")
        self.shop.product()
        wait_until(lambda: '"webhook_disabled"' in self.shop.log_tail(1 << 24), 3 * PATIENCE, what="the log tells that it is disabled")
        rotated = self.shop.admin.post(f"/api/admin/webhooks/{made.data['id']}/rotate", {})
        self.assertEqual(200, rotated.status, rotated)
        self.secrets.add(rotated.data["secret"].removeprefix("whsec_"), "a webhook's new key")
        self.clean()

    def filled(self, schema, use, depth=0):
        """A value that looks like the schema, with marked text in it."""
        schema = resolve(schema)
        kinds = schema.get("type", "object")
        kind = kinds if isinstance(kinds, str) else kinds[0]
        if kind == "object" and depth < 4:
            return {name: self.filled(inner, f"{use}.{name}", depth + 1) for name, inner in schema.get("properties", {}).items()}
        if kind == "array" and depth < 4:
            return [self.filled(schema.get("items", {}), use, depth + 1)]
        return {"integer": 3, "number": 3, "boolean": True}.get(kind, self.secrets.fresh(use))

    def bodies(self, operation):
        """As the schema says, with more than it says, of wrong types, no JSON, far too long."""
        use = operation.id
        content = operation.body.get("requestBody", {}).get("content", {})
        looks = self.filled(next(iter(content.values()))["schema"], use) if content else {}
        fresh = lambda what: self.secrets.fresh(f"{use}: {what}")  # noqa: E731
        yield {**looks, "email": fresh("e-mail") + "@x.test", "password": fresh("password")}
        yield {**looks, fresh("an unknown field"): fresh("its value"), "api_key": fresh("key")}
        yield [fresh("a list")]
        yield '{"password":"' + fresh("no JSON")
        yield "password=" + fresh("a form") + "&token=" + fresh("a form's token")
        yield fresh("a long body") * 8000

    def send(self, operation, body, token, number):
        """Its status; None when the connection ended without one. Every other one of a buyer's is not HTTP."""
        use, is_spoiled = operation.id, number % 2 and token not in (None, self.shop.admin.token)
        fresh = lambda what: self.secrets.fresh(f"{use}: {what}")  # noqa: E731
        path = re.sub(r"\{(\w+)\}", lambda m: fresh("in the path"), operation.path)
        names = [p["name"] for p in map(resolve, operation.body.get("parameters", [])) if p["in"] == "query"] + ["access_token", "password"]
        if 0 < number < 5:
            path += "?" + "&".join(f"{name}={fresh('query ' + name)}" for name in names)
        basic = base64.b64encode(fresh("basic").encode()).decode()
        headers = {"Idempotency-Key": fresh("bad key") + " \x7f" if is_spoiled else fresh("key"),
                   "Cookie": f"scalemart_refresh={fresh('cookie')}; __Host-scalemart_refresh={fresh('cookie')}", "Referer": f"https://x.test/?token={fresh('referer')}", "User-Agent": fresh("agent"),
                   "Proxy-Authorization": "Basic " + self.secrets.add(basic, use)}
        if number > 1:
            headers |= {"Origin": f"https://{fresh('origin')}.test", "X-Session": "cookie"}
        if number % 3 == 2:
            headers["Authorization"] = "Basic " + basic
            token = None
        with Connection(self.shop.port) as c:
            try:
                c.send(request_bytes(operation.method, path, body if operation.method != "GET" else None, token=token, headers=headers))
            except ConnectionError:
                pass  # refused in the middle of a body that is too long
            try:
                return c.read_head().status
            except (Closed, ConnectionError):
                return None

    def test_every_route(self):
        buyer = self.buyer()
        statuses = {}
        for operation in operations():
            for number, body in enumerate(self.bodies(operation)):
                tokens = [self.shop.admin.token, buyer.token, self.secrets.fresh(f"{operation.id}: a token"), None]
                for token in tokens[:2] if number else tokens:
                    status = self.send(operation, body, token, number)
                    statuses.setdefault(status, set()).add(operation.id)
        self.assertTrue({200, 400, 401, 403, 404, 413, 422} <= set(statuses), statuses.keys())
        self.assertNotIn(500, statuses, statuses.get(500))
        answered = {use for status, uses in statuses.items() if status for use in uses}
        self.assertEqual({operation.id for operation in operations()}, answered)
        self.shop.resume_queue()
        self.assertGreater(len(self.secrets.known), 1000)
        self.clean()

    def test_zz_every_line_is_as_the_schema_says(self):
        for text in (self.shop.log_tail(1 << 24), self.worker.text()):
            self.assertEqual([], faults(text))


if __name__ == "__main__":
    shop.main()
