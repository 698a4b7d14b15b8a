"""Buyers pay by themselves, at any gateway: whoever hears of it first confirms, and what nobody paid comes back after its payment was ended."""
import os
import sys

import fleet
from shop import free_port
from wire import wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "servers"))
from stripe_server import StripeServer, signed  # noqa: E402  pylint: disable=wrong-import-position

SECRET = "whsec_of_the_tests"


class Paying(fleet.FleetTest):
    members = ("worker",)

    @classmethod
    def setUpClass(cls):
        cls.stripe = StripeServer(free_port())
        cls.settings = {"WORKERS": 0, "HOLD": "6s", "PAYMENT": f"stripe:?base={cls.stripe.url}", "STRIPE_KEY": cls.stripe.key,
                        "STRIPE_WEBHOOK_SECRET": SECRET, "PAYMENT_MODE": "buyer"}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.stripe.close()

    def bought(self):
        thing = self.shop.product(total=10)
        wait_until(lambda: self.gateways[1].get(f"/api/products/{thing}").status == 200, what="the other one knows it")
        buyer = self.shop.register()
        return thing, buyer, buyer.buy(thing).data["order_id"]

    def opened(self, buyer, order):
        data = self.ask(self.gateways[0], "POST", f"/api/orders/{order}/payment", buyer.token)
        self.assertEqual("open", data["state"])
        return self.stripe.intent_of(order)["id"]

    def test_told_to_the_other_gateway(self):
        thing, buyer, order = self.bought()
        self.stripe.pay(self.opened(buyer, order))
        (event,) = self.stripe.events(order)
        for gateway in (self.gateways[1], self.gateways[0], self.gateways[1]):
            body, headers = signed(event, SECRET)
            self.assertEqual(200, gateway.post("/api/payments/stripe/webhook", body.encode(), headers=headers).status)
        for gateway in self.gateways:
            wait_until(lambda g=gateway: g.get(f"/api/orders/{order}", token=buyer.token).data["status"] == "confirmed")
        wait_until(lambda: self.shop.get(f"/api/orders/{order}/invoice.pdf", token=buyer.token).status == 200, 30, what="its papers are made")
        wait_until(lambda: self.shop.stock(thing) == (9, 0, 1, 10), what=lambda: str(self.shop.stock(thing)))
        self.assertEqual(1, self.stripe.state()["charges"][order])

    def test_nobody_tells_and_the_worker_asks(self):
        thing, buyer, order = self.bought()
        self.stripe.pay(self.opened(buyer, order))
        wait_until(lambda: buyer.order(order)["status"] == "confirmed", 60)
        wait_until(lambda: self.shop.stock(thing) == (9, 0, 1, 10), what=lambda: str(self.shop.stock(thing)))

    def test_nobody_pays(self):
        thing, buyer, order = self.bought()
        intent = self.opened(buyer, order)
        wait_until(lambda: buyer.order(order)["status"] in ("expired", "failed"), 60, what="it ends")
        wait_until(lambda: self.shop.stock(thing) == (10, 0, 0, 10))
        self.assertIn("error", self.stripe.pay(intent), "nobody can pay any more")
        self.assertNotIn(order, self.stripe.state()["charges"])


if __name__ == "__main__":
    fleet.main()
