"""The same thing at two gateways at once: keys, caps, stock, the ends of an order, dead letters, logins."""
import collections
import threading
import time
import unittest

import fleet
import shop
from wire import wait_until

AT_ONCE = 8


class TwoGateways(fleet.FleetTest):
    settings = {"WORKERS": 0}

    def both_know(self, thing):
        for gateway in self.gateways:
            wait_until(lambda g=gateway: g.get(f"/api/products/{thing}").status == 200, what="both know it")
        return thing

    def at_once(self, ask, count=AT_ONCE):
        """ask(gateway, i) in so many threads, at both gateways in turn."""
        return shop.in_parallel(count, lambda i: ask(self.gateways[i % 2], i))

    def admin(self, gateway, method, path, body=None):
        return gateway.request(method, path, body, token=self.shop.admin.token)

    def assert_sums(self):
        for gateway in self.gateways:
            report = gateway.verify()
            self.assertEqual((True, 0), (report["ok"], report["drift"]), report)

    def test_one_key_is_one_order(self):
        thing = self.both_know(self.shop.product(total=1000))
        for number in range(20):
            buyer = self.shop.register()
            answers = self.at_once(lambda g, _, k=f"key-{number}", b=buyer: g.post(
                "/api/flash-buy", {"product_id": thing}, token=b.token, key=k))
            self.assertEqual({200}, {a.status for a in answers}, answers)
            self.assertEqual(1, len({a.data["order_id"] for a in answers}), answers)
            self.assertEqual(AT_ONCE - 1, sum(a.header("Idempotent-Replayed") == "true" for a in answers))
        self.assertEqual((980, 20, 0, 1000), self.shop.stock(thing))

    def test_one_key_for_different_purchases_is_one_of_them(self):
        one, other = (self.both_know(self.shop.product(total=1000)) for _ in range(2))
        for number in range(20):
            bodies = [{"product_id": (one, other)[i // 2 % 2], "quantity": 1 + i // 4} for i in range(AT_ONCE)]
            token = self.shop.register().token
            answers = self.at_once(lambda g, i, k=f"key-{number}", b=bodies, t=token: g.post("/api/flash-buy", b[i], token=t, key=k))
            done = [(i, a) for i, a in enumerate(answers) if a.status == 200]
            self.assertEqual(1, len({a.data["order_id"] for _, a in done}), answers)
            self.assertEqual(1, len({str(bodies[i]) for i, _ in done}), answers)
            self.assertEqual({(409, "idempotency_conflict")}, {(a.status, a.code) for a in answers if a.status != 200})
        self.assert_sums()

    def test_a_cap_holds_over_gateways(self):
        for number in range(15):
            thing = self.both_know(self.shop.product(total=1000, per_user_limit=3))
            buyer = self.shop.register()
            answers = self.at_once(lambda g, i, t=thing, b=buyer: g.post(
                "/api/flash-buy", {"product_id": t, "quantity": 2 if i % 4 == 3 else 1}, token=b.token))
            units = sum(a.data["quantity"] for a in answers if a.status == 200)
            self.assertIn(units, (2, 3), answers)
            self.assertEqual({(409, "purchase_limit")}, {(a.status, a.code) for a in answers if a.status != 200})
            order = next(a.data["order_id"] for a in answers if a.status == 200)
            gone = self.gateways[number % 2].post(f"/api/orders/{order}/cancel", token=buyer.token)
            self.assertEqual(200, gone.status, gone)
            again = self.gateways[(number + 1) % 2].post("/api/flash-buy", {"product_id": thing}, token=buyer.token)
            self.assertEqual(200, again.status, f"what was cancelled at one gateway may be bought at the other: {again}")

    def test_an_order_is_cancelled_once(self):
        thing = self.both_know(self.shop.product(total=50))
        buyer = self.shop.register()
        for _ in range(20):
            order = self.shop.post("/api/flash-buy", {"product_id": thing, "quantity": 2}, token=buyer.token).data["order_id"]
            answers = self.at_once(lambda g, _, o=order: g.post(f"/api/orders/{o}/cancel", token=buyer.token))
            self.assertEqual([200], [a.status for a in answers if a.status == 200], answers)
            self.assertEqual({(409, "invalid_state")}, {(a.status, a.code) for a in answers if a.status != 200}, answers)
            for gateway in self.gateways:
                wait_until(lambda g=gateway: g.stock(thing) == (50, 0, 0, 50), what=lambda g=gateway: g.stock(thing))
        self.assert_sums()

    def test_stock_is_changed_and_the_sale_stopped_while_the_other_sells(self):
        thing = self.both_know(self.shop.product(total=10))
        here, there = self.gateways
        tokens, stop, answers = self.shop.seeds(6), threading.Event(), collections.Counter()
        lock = threading.Lock()

        def crowd(token):
            while not stop.is_set():
                a = there.post("/api/flash-buy", {"product_id": thing}, token=token)
                with lock:
                    answers[a.status, a.code] += 1
                time.sleep(0.002)
        threads = [threading.Thread(target=crowd, args=(t,)) for t in tokens]
        for thread in threads:
            thread.start()
        try:
            total = 10
            for round_ in range(15):
                delta = 20 if round_ % 3 else -5
                changed = self.admin(here, "POST", f"/api/admin/products/{thing}/stock", {"delta": delta, "reason": "x"})
                self.assertIn(changed.status, (200, 409), changed)
                total += delta if changed.status == 200 else 0
                time.sleep(0.05)
            paused = self.admin(here, "POST", f"/api/admin/products/{thing}/pause")
            self.assertEqual(200, paused.status)
            with lock:
                before = answers[200, None]
            time.sleep(1)
            with lock:
                self.assertLessEqual(answers[200, None] - before, len(tokens), "those under way at most")
            self.assertEqual(200, self.admin(here, "POST", f"/api/admin/products/{thing}/resume").status)
            self.admin(here, "POST", f"/api/admin/products/{thing}/stock", {"delta": 30, "reason": "x"})
            total += 30
            wait_until(lambda: there.stock(thing)[0] == 0 and there.stock(thing)[3] == total, what=lambda: (there.stock(thing), total))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(total, answers[200, None])
        self.assertLessEqual(set(answers), {(200, None), (400, "out_of_stock"), (409, "sale_paused")}, answers)
        self.assert_sums()

    def test_a_text_that_no_database_takes_is_refused_in_words(self):
        thing = self.shop.product()
        for path, body in (("/api/admin/products", {"id": "nul", "name": "A", "description": "a\0b", "total": 1,
                                                    "sale_price_minor": 1, "currency": "EUR"}),
                           (f"/api/admin/products/{thing}/stock", {"delta": 1, "reason": "\0"})):
            answer = self.admin(self.gateways[1], "POST", path, body)
            self.assertError(answer, 422, "validation_error")

    def test_a_login_that_ended_at_one_gateway_is_over_at_the_other(self):
        here, there = self.gateways
        for number in range(5):
            buyer = self.shop.register()
            self.assertEqual(200, there.get("/api/auth/me", token=buyer.token).status)
            if number % 2:
                done = here.post("/api/auth/password", {"current_password": shop.BUYER_PASSWORD, "new_password": "Another-long-one-55"},
                                 token=buyer.token)
                self.assertEqual(200, done.status, done)
            else:
                self.assertEqual(204, here.post("/api/auth/logout", {"everywhere": True}, token=buyer.token).status)
            began = time.monotonic()
            wait_until(lambda b=buyer: there.get("/api/auth/me", token=b.token).status == 401, what="the other hears of it")
            self.assertLess(time.monotonic() - began, 1.0)
            self.assertEqual(401 if number % 2 == 0 else 200, there.post("/api/auth/refresh", {"refresh_token": buyer.refresh_token}).status)


if __name__ == "__main__":
    fleet.main()
