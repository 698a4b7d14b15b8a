#!/usr/bin/env python3
"""Paying through a Stripe-compatible provider, which runs as a process of its own: nobody pays twice, every order ends, and who pays by
himself has as long as the hold."""
import json
import os
import sys
import time
import unittest

from apidoc import DOCUMENT, faults
from shop import EXIT_CANNOT_RUN, EXIT_NO, Shop, free_port, seeded
from wire import wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "servers"))
import stripe_server  # noqa: E402  pylint: disable=wrong-import-position
from stripe_server import StripeServer, signed  # noqa: E402  pylint: disable=wrong-import-position

SECRET, OLD_SECRET = "whsec_of_the_tests", "whsec_of_last_year"
WEBHOOK = "/api/payments/stripe/webhook"


class StripeTest(unittest.TestCase):
    longMessage = True

    def setUp(self):
        self.stripe = StripeServer(free_port())
        self.addCleanup(self.stripe.close)

    def shop(self, options="payment_method=pm_card_visa", **settings):
        shop = Shop(**{"PAYMENT": f"stripe:?base={self.stripe.url}" + ("&" + options if options else ""), "STRIPE_KEY": self.stripe.key,
                       "STRIPE_WEBHOOK_SECRET": SECRET, **settings})
        self.addCleanup(shop.close)
        return shop

    def bought(self, shop, count=1, total=100):
        product = shop.product(total=total)
        buyer = shop.register()
        return product, buyer, [buyer.buy(product).data["order_id"] for _ in range(count)]

    def tell(self, shop, event, secret=SECRET, at=None):
        body, headers = signed(event, secret, at)
        return shop.post(WEBHOOK, body.encode(), headers=headers)


class Automatic(StripeTest):
    def test_charged_once_and_refunded_once(self):
        shop = self.shop()
        product, buyer, orders = self.bought(shop, 5)
        for order in orders:
            buyer.wait_for(order, "confirmed")
            wait_until(lambda o=order: shop.admin.get(f"/api/admin/orders/{o}").data["payment_reference"] == self.stripe.intent_of(o)["id"],
                       what="the order's payment is known by Stripe's name")
        state = self.stripe.state()
        self.assertEqual({order: 1 for order in orders}, state["charges"])
        self.assertTrue(all(trace and trace.startswith("00-") for trace in state["traces"]), state["traces"])
        for _ in range(2):
            self.assertEqual(200, shop.admin.post(f"/api/admin/orders/{orders[0]}/refund").status)
        self.assertEqual("refunded", buyer.order(orders[0])["status"])
        self.assertEqual({orders[0]: 1}, self.stripe.state()["refunds"])
        self.assertEqual((96, 0, 4, 100), shop.stock(product))
        # Stripe tells of that refund, too, twice and late; nothing happens to the order or any other.
        for event in self.stripe.events(orders[0]) * 2:
            self.assertEqual(200, self.tell(shop, event).status)
        self.assertEqual("refunded", buyer.order(orders[0])["status"])
        self.assertEqual((96, 0, 4, 100), shop.stock(product))

    def test_a_declined_card_gives_the_units_back_once(self):
        shop = self.shop("payment_method=pm_card_chargeDeclined")
        product, buyer, (order,) = self.bought(shop)
        self.assertEqual("payment_declined", buyer.wait_for(order, "failed")["status_reason"])
        self.assertEqual((100, 0, 0, 100), shop.stock(product))
        self.assertEqual({}, self.stripe.state()["charges"])

    def test_an_answer_that_is_lost_after_the_charge_charges_nobody_twice(self):
        shop = self.shop()
        self.stripe.faults(confirm=["drop_after", "drop_after"], create=["drop_after"], retrieve=["drop_before"])
        _, buyer, (order,) = self.bought(shop)
        wait_until(lambda: buyer.order(order)["status"] == "confirmed", 60)
        self.assertEqual({order: 1}, self.stripe.state()["charges"])

    def test_a_bad_hour_at_the_provider(self):
        chance = seeded(self.id())
        shop = self.shop()
        faults = ["drop_before", "drop_after", "error_before", "error_after", "busy", "locked"]
        self.stripe.faults(**{kind: [chance.choice(faults) if chance.random() < 0.4 else None for _ in range(25)]
                              for kind in ("create", "confirm", "retrieve")})
        product, buyer, orders = self.bought(shop, 40)
        for order in orders:
            wait_until(lambda o=order: buyer.order(o)["status"] == "confirmed", 120, what=f"{order} is confirmed")
        self.assertEqual({order: 1 for order in orders}, self.stripe.state()["charges"])
        self.assertEqual((60, 0, 40, 100), shop.stock(product))

    def test_a_process_that_dies_while_stripe_is_silent_charges_nobody_twice(self):
        shop = self.shop()
        self.stripe.freeze()
        _, buyer, orders = self.bought(shop, 10)
        wait_until(lambda: all(buyer.order(order)["status"] == "processing" for order in orders), 20)
        shop.kill()
        self.stripe.thaw()
        shop.start()
        for order in orders:
            wait_until(lambda o=order: buyer.order(o)["status"] == "confirmed", 60)
        self.assertEqual({order: 1 for order in orders}, self.stripe.state()["charges"])

    def test_a_wrong_key_is_told_and_loses_nothing(self):
        shop = self.shop(STRIPE_KEY="sk_test_wrong")
        _, buyer, (order,) = self.bought(shop)
        wait_until(lambda: [step for step in shop.admin.get("/api/admin/queue/steps?step=payment").data
                            if "refuses SCALEMART_STRIPE_KEY" in step["detail"]], what="the console says why")
        report = json.loads(shop.cli("doctor", "--json", expect=EXIT_NO).stdout)
        (said,) = [check for check in report["checks"] if check["check"] == "payment"]
        self.assertEqual("bad", said["verdict"])
        self.assertIn("refuses SCALEMART_STRIPE_KEY", said["detail"])
        self.assertNotIn("sk_test_wrong", json.dumps(report))
        shop.restart(STRIPE_KEY=self.stripe.key)
        wait_until(lambda: buyer.order(order)["status"] == "confirmed", 60)
        self.assertEqual({order: 1}, self.stripe.state()["charges"])
        report = json.loads(shop.cli("doctor", "--json").stdout)
        self.assertIn(("payment", "odd"), [(check["check"], check["verdict"]) for check in report["checks"]], "a test key")

    def test_settings_that_cannot_be_stop_the_start(self):
        for settings, pattern in (
                ({"STRIPE_KEY": None}, "SCALEMART_STRIPE_KEY: SCALEMART_PAYMENT=stripe: needs it"),
                ({"STRIPE_KEY": "pk_live_x"}, "publishable key"),
                ({"PAYMENT": "stripe:?base=http://pay.example"}, "SCALEMART_PAYMENT: .*https://host"),
                ({"PAYMENT": "stripe:?colour=red"}, "SCALEMART_PAYMENT: .*base, payment_method or connections"),
                ({"PAYMENT": "stripe:"}, "charges nobody by itself"),
                ({"PAYMENT_MODE": "later"}, "SCALEMART_PAYMENT_MODE: .*automatic or buyer")):
            shop = Shop(start=False, **{"PAYMENT": f"stripe:?base={self.stripe.url}&payment_method=pm_card_visa", "STRIPE_KEY": "sk_test_x", **settings})
            self.addCleanup(shop.close)
            done = shop.cli("serve", expect=EXIT_CANNOT_RUN)
            self.assertRegex(done.stderr, f"^scalemart: [^\n]*{pattern}[^\n]*\n$", settings)


class ByTheBuyer(StripeTest):
    def shop(self, options="", **settings):
        return super().shop(options, **{"PAYMENT_MODE": "buyer", **settings})

    def payment(self, buyer, order, method="POST"):
        answer = buyer.send(method, f"/api/orders/{order}/payment")
        self.assertEqual(200, answer.status, answer)
        self.assertEqual([], faults(answer.data, DOCUMENT["components"]["schemas"]["Payment"]))
        return answer.data

    def test_paid_within_the_hold(self):
        shop = self.shop(STRIPE_PUBLISHABLE_KEY="pk_test_x")
        product, buyer, (order,) = self.bought(shop)
        self.assertEqual("waiting", self.payment(buyer, order, "GET")["state"])
        opened = self.payment(buyer, order)
        self.assertEqual(("open", "pk_test_x", 1999), tuple(opened[n] for n in ("state", "publishable_key", "amount_minor")))
        self.assertEqual(opened, self.payment(buyer, order), "as often as wished it is the same")
        intent = self.stripe.intent_of(order)
        self.assertEqual(intent["client_secret"], opened["client_secret"])
        self.stripe.pay(intent["id"])
        (paid,) = self.stripe.events(order)
        late = {**paid, "id": "evt_late", "type": "payment_intent.payment_failed"}
        for event in (paid, late, paid):
            self.assertEqual(200, self.tell(shop, event).status)
        self.assertEqual("confirmed", buyer.order(order)["status"])
        wait_until(lambda: buyer.get(f"/api/orders/{order}/invoice.pdf").status == 200, 20, what="its papers are made")
        self.assertEqual({order: 1}, self.stripe.state()["charges"])
        self.assertEqual((99, 0, 1, 100), shop.stock(product))
        self.assertEqual("paid", self.payment(buyer, order, "GET")["state"])
        self.assertIn(shop.register().get(f"/api/orders/{order}/payment").status, (403, 404), "somebody else's")

    def test_a_notice_that_says_more_than_is_true_confirms_nothing(self):
        """Signed it is, but the provider is asked: what it says counts."""
        shop = self.shop()
        _, buyer, (order,) = self.bought(shop)
        self.payment(buyer, order)
        intent = self.stripe.intent_of(order)
        lie = {"id": "evt_lie", "object": "event", "type": "payment_intent.succeeded", "data": {"object": {**intent, "status": "succeeded"}}}
        self.assertEqual(200, self.tell(shop, lie).status)
        self.assertNotEqual("confirmed", buyer.order(order)["status"])

    def test_unpaid_it_expires_after_its_payment_was_ended(self):
        shop = self.shop(HOLD="2s")
        product, buyer, (opened, untouched) = self.bought(shop, 2)
        self.payment(buyer, opened)
        for order in (opened, untouched):
            wait_until(lambda o=order: buyer.order(o)["status"] in ("expired", "failed"), 30, what="it expires")
        self.assertEqual((100, 0, 0, 100), shop.stock(product))
        intent = self.stripe.intent_of(opened)
        self.assertEqual("canceled", intent["status"])
        self.assertIn("error", self.stripe.pay(intent["id"]), "nobody can pay any more")
        self.assertEqual({}, self.stripe.state()["charges"])
        self.assertEqual(409, buyer.post(f"/api/orders/{opened}/payment").status)

    def test_paid_at_the_last_moment_with_the_notice_lost_it_is_confirmed(self):
        shop = self.shop(HOLD="3s")
        product, buyer, (order,) = self.bought(shop)
        self.payment(buyer, order)
        self.stripe.pay(self.stripe.intent_of(order)["id"])
        wait_until(lambda: buyer.order(order)["status"] == "confirmed", 30, what="at the end of the hold the provider is asked")
        self.assertEqual((99, 0, 1, 100), shop.stock(product))

    def test_no_unit_comes_back_while_the_provider_is_silent(self):
        shop = self.shop(HOLD="2s")
        product, buyer, (order,) = self.bought(shop)
        self.payment(buyer, order)
        intent = self.stripe.intent_of(order)["id"]
        self.stripe.faults(cancel=["drop_before"] * 3, create=["drop_before"] * 2)
        self.stripe.pay(intent)
        wait_until(lambda: buyer.order(order)["status"] == "confirmed", 60)
        self.assertEqual((99, 0, 1, 100), shop.stock(product))
        self.assertEqual({order: 1}, self.stripe.state()["charges"])

    def test_events_of_many_orders_shuffled_and_doubled(self):
        chance = seeded(self.id())
        shop = self.shop()
        product, buyer, orders = self.bought(shop, 12)
        for order in orders:
            self.payment(buyer, order)
            self.stripe.pay(self.stripe.intent_of(order)["id"])
        events = self.stripe.events() * 2
        chance.shuffle(events)
        for event in events:
            self.assertEqual(200, self.tell(shop, event).status)
        for order in orders:
            buyer.wait_for(order, "confirmed")
        self.assertEqual((88, 0, 12, 100), shop.stock(product))

    def test_a_crash_between_paying_and_the_notice(self):
        shop = self.shop()
        _, buyer, (order,) = self.bought(shop)
        self.payment(buyer, order)
        shop.kill()
        self.stripe.pay(self.stripe.intent_of(order)["id"])
        shop.start()
        self.assertEqual(200, self.tell(shop, self.stripe.events(order)[0]).status)
        buyer.wait_for(order, "confirmed")

    def test_without_a_bank(self):
        shop = super().shop("", PAYMENT="simulated:?latency=10ms&decline=0%", STRIPE_KEY=None, STRIPE_WEBHOOK_SECRET=None, PAYMENT_MODE="buyer")
        _, buyer, (order,) = self.bought(shop)
        self.assertTrue(self.payment(buyer, order)["pretended"])
        self.assertEqual(200, buyer.post(f"/api/orders/{order}/payment/pretend").status)
        buyer.wait_for(order, "confirmed")
        self.assertEqual(404, shop.post(WEBHOOK, b"{}").status, "nobody is listened to")


class Signatures(StripeTest):
    def test_who_may_tell_what(self):
        shop = self.shop(PAYMENT_MODE="buyer", STRIPE_WEBHOOK_SECRET=f"{SECRET},{OLD_SECRET}")
        _, buyer, (order,) = self.bought(shop)
        buyer.post(f"/api/orders/{order}/payment")
        self.stripe.pay(self.stripe.intent_of(order)["id"])
        (event,) = self.stripe.events(order)
        now = time.time()
        for what, answer, code in (
                ("another's secret", self.tell(shop, event, "whsec_wrong"), "invalid_signature"),
                ("no signature", shop.post(WEBHOOK, json.dumps(event).encode()), "invalid_signature"),
                ("too old", self.tell(shop, event, at=now - 301), "signature_expired"),
                ("from the future", self.tell(shop, event, at=now + 301), "signature_expired"),
                ("no event", self.tell(shop, {"hello": "world"}), "invalid_event")):
            self.assertEqual((400, code), (answer.status, answer.code), what)
        body, headers = signed(event, SECRET)
        changed = body.replace("succeeded", "Succeeded")
        self.assertEqual(400, shop.post(WEBHOOK, changed.encode(), headers=headers).status, "the bytes are signed")
        self.assertNotEqual("confirmed", buyer.order(order)["status"])
        stranger = json.loads(json.dumps(event))
        stranger["data"]["object"]["metadata"]["order"] = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        for _ in range(3):
            self.assertEqual(200, self.tell(shop, stranger).status, "it would only be sent again")
        self.assertEqual(1, len([l for l in shop.logs() if l["event"] == "payment_notice_for_unknown_order"]))
        self.assertEqual(200, self.tell(shop, event, OLD_SECRET).status, "a secret that is being exchanged")
        buyer.wait_for(order, "confirmed")
        self.assertNotIn(SECRET, "".join(json.dumps(line) for line in shop.logs()))


if __name__ == "__main__":
    unittest.main(verbosity=1)
