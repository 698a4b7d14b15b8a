#!/usr/bin/env python3
"""Webhooks: signed, retried, given up, in order, remembered over crashes, and no way into the shop's network."""
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from apidoc import DOCUMENT, faults
from shop import EXIT_CANNOT_RUN, EXIT_NO, EXIT_USAGE, Shop, free_port
from webhook_endpoint import Endpoint
from wire import wait_until

LOOPBACK = "127.0.0.0/8"


def read(path):
    with open(path, "rb") as file:
        return file.read()


class WebhookTest(unittest.TestCase):
    longMessage = True

    def shop(self, **settings):
        shop = Shop(**{"WEBHOOK_ALLOW_PRIVATE": LOOPBACK, "WEBHOOK_RETRY": "100ms,200ms,300ms", **settings})
        self.addCleanup(shop.close)
        return shop

    def endpoint(self, *arguments, **more):
        endpoint = Endpoint(*arguments, **more)
        self.addCleanup(endpoint.close)
        return endpoint

    def create(self, shop, url, **more):
        answer = shop.admin.post("/api/admin/webhooks", {"url": url, **more})
        self.assertEqual(answer.status, 201, answer)
        return answer.data

    def seen(self, shop, hook):
        return shop.admin.get(f"/api/admin/webhooks/{hook['id']}").data

    def deliveries(self, shop, hook, state):
        return shop.admin.get(f"/api/admin/webhooks/{hook['id']}/deliveries?state={state}").data


class Events(WebhookTest):
    def test_an_order_is_told_from_yes_to_refund(self):
        shop, endpoint = self.shop(), self.endpoint()
        hook = self.create(shop, endpoint.url)
        product = shop.product(total=5)
        buyer = shop.register()
        order = buyer.buy(product, 2).data["order_id"]
        buyer.wait_for(order, "confirmed")
        self.assertEqual(shop.admin.post(f"/api/admin/orders/{order}/refund").status, 200)
        endpoint.wait_for("order.refunded", id=order)
        story = endpoint.of_order(order)
        self.assertEqual([r.type for r in story], ["order.accepted", "order.confirmed", "order.refunded"])
        for request in story:
            self.assertTrue(request.is_signed_by(hook["secret"]), request.headers)
            self.assertEqual(request.path, "/hooks")
        confirmed = story[1].data
        self.assertEqual((confirmed["status"], confirmed["buyer_id"], confirmed["product_id"], confirmed["quantity"],
                          confirmed["unit_price_minor"], confirmed["total_minor"], confirmed["currency"]),
                         ("confirmed", buyer.id, product, 2, 1999, 3998, "EUR"))
        self.assertTrue(confirmed["payment_reference"])
        self.assertEqual(story[1].id, f"order_{order}_confirmed")
        self.assertEqual(endpoint.wait_for("product.created", id=product)[0].data["sale_price_minor"], 1999)
        final = lambda: [r for r in endpoint.told("stock.changed") if r.data["product_id"] == product][-1].data
        wait_until(lambda: final()["available"] == 5, what=lambda: f"the last stock: {final()}")
        self.assertEqual({k: final()[k] for k in ("available", "held", "sold", "total")},
                         {"available": 5, "held": 0, "sold": 0, "total": 5})
        shop.admin.send("PATCH", f"/api/admin/products/{product}", {"name": "Another"})
        for verb in ("pause", "resume"):
            shop.admin.post(f"/api/admin/products/{product}/{verb}")
        shop.admin.send("DELETE", f"/api/admin/products/{product}")
        shop.admin.post(f"/api/admin/webhooks/{hook['id']}/test")
        endpoint.wait_for("product.removed", id=product)
        for request in endpoint.told():
            schema = DOCUMENT["webhooks"][request.type]["post"]["requestBody"]["content"]["application/json"]["schema"]
            self.assertEqual(faults(request.event, schema), [])
        self.assertEqual({r.type for r in endpoint.told()},
                         set(DOCUMENT["webhooks"]) - {"order.failed", "order.expired", "order.cancelled"})
        addresses = [r for r in endpoint.told() if buyer.email.encode() in r.body]
        self.assertEqual(addresses, [], "no address leaves the shop")

    def test_every_end_of_an_order_has_its_event(self):
        shop, endpoint = self.shop(PAYMENT="simulated:?latency=1ms&decline=100%"), self.endpoint()
        self.create(shop, endpoint.url, events=["order.*"])
        product, buyer = shop.product(), shop.register()
        failed = buyer.buy(product).data["order_id"]
        self.assertEqual(endpoint.wait_for("order.failed", id=failed)[0].data["status_reason"], "payment_declined")
        shop.pause_queue()
        cancelled = buyer.buy(product).data["order_id"]
        self.assertEqual(buyer.post(f"/api/orders/{cancelled}/cancel").status, 200)
        endpoint.wait_for("order.cancelled", id=cancelled)
        shop.restart(HOLD="1s")
        shop.pause_queue()
        expired = buyer.buy(product).data["order_id"]
        endpoint.wait_for("order.expired", id=expired)
        for request in endpoint.told():
            schema = DOCUMENT["webhooks"][request.type]["post"]["requestBody"]["content"]["application/json"]["schema"]
            self.assertEqual(faults(request.event, schema), [])
        self.assertEqual(endpoint.told("stock.changed", "product.created"), [], "it asked for orders alone")

    def test_stock_of_a_storm_is_told_about_once_a_second(self):
        shop, endpoint = self.shop(WORKERS="0"), self.endpoint()
        self.create(shop, endpoint.url, events=["stock.changed"])
        product = shop.product(total=500)
        tokens = shop.seeds(60)
        begin = time.monotonic()
        for token in tokens * 5:
            self.assertEqual(shop.request("POST", "/api/flash-buy", {"product_id": product}, token=token).status, 200)
        took = time.monotonic() - begin
        wait_until(lambda: endpoint.told()[-1].data["available"] == 200, what="the last stock is told")
        self.assertLessEqual(len(endpoint.told()), took + 4)
        sequences = [r.data["sequence"] for r in endpoint.told()]
        self.assertEqual(sequences, sorted(sequences))

    def test_a_shop_with_the_example_ships_what_was_paid(self):
        shop = self.shop()
        secret = "whsec_" + base64.b64encode(os.urandom(32)).decode()
        folder = tempfile.mkdtemp(prefix="scalemart-receiver-")
        self.addCleanup(shutil.rmtree, folder)
        port = free_port()
        example = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "webhook_receiver",
                               "receiver.py")
        process = subprocess.Popen(["python3", example, "--port", str(port), "--database", f"{folder}/orders.db"],
                                   env={**os.environ, "SECRET": secret}, stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        self.assertIn("listening", process.stdout.readline())
        self.create(shop, f"http://127.0.0.1:{port}/", secret=secret)
        product, buyer = shop.product(), shop.register()
        orders = [buyer.buy(product, n).data["order_id"] for n in (1, 2, 3)]
        for order in orders:
            buyer.wait_for(order, "confirmed")
        self.assertEqual(shop.admin.post(f"/api/admin/orders/{orders[2]}/refund").status, 200)
        from webhook_endpoint import receiver
        look = receiver.Shop(f"{folder}/orders.db")
        self.addCleanup(look.db.close)
        wait_until(lambda: sorted(look.to_ship()) == sorted([(orders[0], product, 1), (orders[1], product, 2)]),
                   what=lambda: f"{look.to_ship()}")


class Failures(WebhookTest):
    def test_a_refused_event_is_tried_again_then_given_up_then_taken(self):
        shop = self.shop()
        endpoint = self.endpoint()
        hook = self.create(shop, endpoint.url, events=["order.accepted"])
        product, buyer = shop.product(), shop.register()
        shop.pause_queue()
        bad = None

        def buy():
            return buyer.buy(product).data["order_id"]
        endpoint.answer = lambda told: 500 if told.data["id"] == bad else 200
        bad = buy()
        others = [buy() for _ in range(3)]
        for order in others:
            endpoint.wait_for("order.accepted", id=order)
        dead = wait_until(lambda: self.deliveries(shop, hook, "dead"), what="it is given up")
        self.assertEqual([d["id"] for d in dead], [f"order_{bad}_accepted"])
        self.assertEqual((dead[0]["attempts"], dead[0]["status"]), (4, 500))
        tries = endpoint.of_order(bad)
        self.assertEqual(len(tries), 4)
        self.assertEqual(len({r.body for r in tries}), 1, "every try says the same")
        self.assertEqual(len({r.id for r in tries}), 1)
        shop.restart()
        self.assertEqual(self.seen(shop, hook)["dead"], 1)
        bad = None
        done = shop.cli("webhook", "retry", hook["id"])
        self.assertIn("1 tried again", done.stdout)
        wait_until(lambda: self.seen(shop, hook)["dead"] == 0 and self.seen(shop, hook)["waiting"] == 0,
                   what="nothing is left")
        self.assertEqual(endpoint.told()[-1].id, dead[0]["id"])

    def test_nothing_is_lost_over_an_outage_and_a_crash(self):
        shop, endpoint = self.shop(), self.endpoint()
        hook = self.create(shop, endpoint.url, events=["order.*"])
        port, product = endpoint.port, shop.product(total=1000)
        buyer = shop.register()
        endpoint.close()
        orders = [buyer.buy(product).data["order_id"] for _ in range(20)]
        for order in orders:
            buyer.wait_for(order, "confirmed")
        wait_until(lambda: self.seen(shop, hook)["state"] == "failing", what="it is seen to fail")
        shop.kill()
        shop.start()
        orders += [buyer.buy(product).data["order_id"] for _ in range(5)]
        back = self.endpoint(port=port)
        for order in orders:
            back.wait_for("order.confirmed", id=order, patience=30)
            first = {}
            for request in back.of_order(order):
                first.setdefault(request.type, len(first))
            self.assertEqual(sorted(first, key=first.get), ["order.accepted", "order.confirmed"], "an order keeps its order")
        wait_until(lambda: self.seen(shop, hook)["state"] == "enabled" and self.seen(shop, hook)["behind"] == 0,
                   what=lambda: f"it is up to date: {self.seen(shop, hook)}")

    def test_killed_at_any_moment_it_tells_everything_at_least_once(self):
        shop, endpoint = self.shop(), self.endpoint()
        self.create(shop, endpoint.url, events=["order.accepted"])
        product, orders = shop.product(total=1000), []
        buyer = shop.register()
        for _ in range(4):
            orders += [buyer.buy(product).data["order_id"] for _ in range(30)]
            shop.kill()
            shop.start()
        told = lambda: {r.data["id"] for r in endpoint.told()}
        wait_until(lambda: told() >= set(orders), what=lambda: f"{len(set(orders) - told())} are missing")
        self.assertEqual(told() - set(orders), set(), "nothing is told that was not answered, but for the last one")

    def test_gone_disables_and_enabling_goes_on(self):
        shop = self.shop()
        endpoint = self.endpoint(lambda told: 410)
        hook = self.create(shop, endpoint.url, events=["order.accepted"])
        product, buyer = shop.product(), shop.register()
        first = buyer.buy(product).data["order_id"]
        wait_until(lambda: self.seen(shop, hook)["state"] == "disabled", what="410 disables")
        self.assertIn("410", self.seen(shop, hook)["disabled_reason"])
        self.assertTrue([line for line in shop.logs() if line["event"] == "webhook_disabled"])
        metrics = shop.metrics()
        self.assertEqual(metrics['scalemart_webhook_endpoints{state="disabled"}'], 1)
        second = buyer.buy(product).data["order_id"]
        shop.restart()
        self.assertEqual(self.seen(shop, hook)["state"], "disabled", "also after a restart")
        endpoint.answer = lambda told: 204
        shop.cli("webhook", "enable", hook["id"])
        for order in (first, second):
            endpoint.wait_for("order.accepted", id=order)
        self.assertEqual(len(endpoint.of_order(second)), 1)

    def test_an_endpoint_that_never_takes_anything_is_disabled(self):
        shop = self.shop(WEBHOOK_DISABLE_AFTER="1s", WEBHOOK_RETRY="200ms," * 19 + "200ms")
        endpoint = self.endpoint(lambda told: 404)
        hook = self.create(shop, endpoint.url, events=["order.accepted"])
        product, buyer = shop.product(), shop.register()
        buyer.buy(product)
        wait_until(lambda: self.seen(shop, hook)["state"] == "disabled", what="it is disabled")
        self.assertIn("404", self.seen(shop, hook)["disabled_reason"])

    def test_retry_after_is_kept_and_a_sale_does_not_wait(self):
        shop = self.shop(PAYMENT="simulated:?latency=1ms")
        release = threading.Event()
        self.addCleanup(release.set)
        hanging = self.endpoint(lambda told: (release.wait(20), 200)[1])
        patient = self.endpoint(lambda told: (429, {"Retry-After": "1"}))
        self.create(shop, hanging.url)
        self.create(shop, patient.url, events=["order.accepted"])
        product, buyer = shop.product(total=1000), shop.register()
        for _ in range(50):
            begin = time.monotonic()
            self.assertEqual(buyer.buy(product).status, 200)
            self.assertLess(time.monotonic() - begin, 1)
        wait_until(lambda: len(patient.told()) >= 2, what="it is asked again")
        self.assertLessEqual(len(patient.told()), 8 + 4, "and left alone meanwhile")


class Copies(WebhookTest):
    def test_a_restored_shop_tells_nobody_until_it_is_enabled(self):
        shop, endpoint = self.shop(), self.endpoint()
        hook = self.create(shop, endpoint.url, events=["order.accepted"])
        product = shop.product()
        before = shop.register().buy(product).data["order_id"]
        endpoint.wait_for("order.accepted", id=before)
        shop.cli("backup", f"{shop.root}/backup")
        copy = Shop(start=False, **{"WEBHOOK_ALLOW_PRIVATE": LOOPBACK})
        copy.cli("restore", f"{shop.root}/backup")
        copy.start()
        self.addCleanup(copy.close)
        self.assertEqual(self.seen(copy, hook)["state"], "disabled")
        self.assertIn("restored", self.seen(copy, hook)["disabled_reason"])
        buyer = copy.register()
        order = buyer.buy(product).data["order_id"]
        buyer.wait_for(order, "confirmed")
        self.assertEqual(endpoint.of_order(order), [])
        copy.cli("webhook", "enable", hook["id"])
        endpoint.wait_for("order.accepted", id=order)
        self.assertEqual(len(endpoint.of_order(before)), 1)


class Safety(WebhookTest):
    def test_addresses_that_are_not_public_are_refused(self):
        shop = self.shop(WEBHOOK_ALLOW_PRIVATE="")
        for url in ("https://127.0.0.1/", "https://10.0.0.8/", "https://169.254.169.254/latest", "https://[::1]/",
                    "https://[::ffff:192.168.1.1]/", "http://shop.example/", "ftp://shop.example/", "https://",
                    "https://user:secret@shop.example/", "https://shop.example/#x", "https://0x7f000001/",
                    "https://2130706433/", "https://127.1/"):
            answer = shop.admin.post("/api/admin/webhooks", {"url": url})
            self.assertEqual(answer.status, 422, f"{url}: {answer}")
        # A name is looked up when it is connected to, whatever it said before.
        hook = self.create(shop, f"https://localhost:{free_port()}/")
        answer = shop.admin.post(f"/api/admin/webhooks/{hook['id']}/test")
        self.assertEqual(answer.data["state"], "dead", answer)
        self.assertRegex(answer.data["problem"], "(127.0.0.1|::1) is not a public address")
        self.assertEqual(shop.cli("webhook", "test", hook["id"], expect=EXIT_NO).stdout.count("not a public"), 1)

    def test_redirects_are_not_followed_and_long_answers_not_read(self):
        shop = self.shop()
        secret_place = self.endpoint()
        endpoint = self.endpoint(lambda told: (302, {"Location": secret_place.url}))
        hook = self.create(shop, endpoint.url)
        answer = shop.admin.post(f"/api/admin/webhooks/{hook['id']}/test").data
        self.assertEqual((answer["status"], answer["state"]), (302, "dead"))
        self.assertEqual(secret_place.told(), [])
        endpoint.answer, endpoint.body = lambda told: 200, b"x" * (8 << 20)
        self.assertEqual(shop.admin.post(f"/api/admin/webhooks/{hook['id']}/test").data["state"], "delivered")

    def test_secrets_are_shown_once_and_rotate(self):
        shop, endpoint = self.shop(), self.endpoint()
        hook = self.create(shop, endpoint.url, events=["order.accepted"])
        new = shop.admin.post(f"/api/admin/webhooks/{hook['id']}/rotate", {}).data["secret"]
        self.assertNotEqual(new, hook["secret"])
        shop.admin.post(f"/api/admin/webhooks/{hook['id']}/test")
        both = endpoint.told()[-1]
        self.assertTrue(both.is_signed_by(new) and both.is_signed_by(hook["secret"]))
        last = shop.admin.post(f"/api/admin/webhooks/{hook['id']}/rotate", {"grace_seconds": 0}).data["secret"]
        shop.admin.post(f"/api/admin/webhooks/{hook['id']}/test")
        alone = endpoint.told()[-1]
        self.assertTrue(alone.is_signed_by(last))
        self.assertFalse(alone.is_signed_by(new))
        everything = (shop.admin.get("/api/admin/webhooks").body + shop.admin.get("/api/admin/audit").body +
                      shop.cli("webhook", "list", "--json").stdout.encode() + read(shop.log_path))
        for secret in (hook["secret"], new, last):
            self.assertNotIn(secret.encode(), everything)
        self.assertIn(b"webhook_secret_rotated", everything)

    def test_certificates_are_checked(self):
        folder = tempfile.mkdtemp(prefix="scalemart-ca-")
        self.addCleanup(shutil.rmtree, folder)

        def certificate(name, host, days="2"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem", "-days", days, "-subj",
                            f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"], check=True, capture_output=True)
            return f"{folder}/{name}.pem", f"{folder}/{name}.key"
        good, other = certificate("good", "localhost"), certificate("other", "elsewhere.example")
        with open(f"{folder}/ca.pem", "w", encoding="ascii") as ca:
            for path in (good[0], other[0]):
                ca.write(read(path).decode())
        shop = self.shop(WEBHOOK_CA=f"{folder}/ca.pem", WEBHOOK_ALLOW_PRIVATE="127.0.0.0/8,::1")
        results = []
        for certificates in (good, other, certificate("unknown", "localhost")):
            endpoint = self.endpoint(certificate=certificates)
            hook = self.create(shop, f"https://localhost:{endpoint.port}/")
            results.append(shop.admin.post(f"/api/admin/webhooks/{hook['id']}/test").data)
        self.assertEqual([r["state"] for r in results], ["delivered", "dead", "dead"], results)
        self.assertRegex(results[1]["problem"], "matches target host name")
        self.assertRegex(results[2]["problem"], "(?i)certificate")

    def test_only_administrators_and_only_good_input(self):
        shop = self.shop()
        self.assertEqual(shop.register().get("/api/admin/webhooks").status, 403)
        self.assertEqual(shop.get("/api/admin/webhooks").status, 401)
        url = "http://127.0.0.1:9/"
        for body in ({}, {"url": 5}, {"url": url, "events": ["order.eaten"]}, {"url": url, "secret": "whsec_" + "A" * 40 + "!"},
                     {"url": url, "secret": "whsec_" + base64.b64encode(bytes(8)).decode() + "=" * 30}, {"url": url, "x": 1}):
            self.assertEqual(shop.admin.post("/api/admin/webhooks", body).status, 422, body)
        self.assertEqual(shop.admin.post("/api/admin/webhooks/NOSUCH/test").status, 404)
        self.assertEqual(shop.admin.send("DELETE", "/api/admin/webhooks/NOSUCH").status, 404)
        shop.cli("webhook", "create", "ftp://x/", expect=EXIT_USAGE)
        shop.cli("webhook", "test", "NOSUCH", expect=EXIT_NO)
        for _ in range(16):
            self.create(shop, url)
        self.assertEqual(shop.admin.post("/api/admin/webhooks", {"url": url}).status, 409)


class Configuration(WebhookTest):
    def test_one_endpoint_by_setting(self):
        endpoint = self.endpoint()
        secret = "whsec_" + base64.b64encode(os.urandom(24)).decode()
        shop = self.shop(WEBHOOK_URL=endpoint.url, WEBHOOK_SECRET=secret, WEBHOOK_EVENTS="order.confirmed, product.*")
        product, buyer = shop.product(), shop.register()
        order = buyer.buy(product).data["order_id"]
        told = endpoint.wait_for("order.confirmed", id=order)[0]
        self.assertTrue(told.is_signed_by(secret))
        self.assertEqual(endpoint.told("order.accepted"), [])
        self.assertEqual(self.seen(shop, {"id": "setting"})["from_configuration"], True)
        self.assertEqual(shop.admin.send("DELETE", "/api/admin/webhooks/setting").status, 409)

    def test_wrong_settings_stop_the_start_with_one_line(self):
        good = "whsec_" + base64.b64encode(bytes(32)).decode()
        for settings, words in (
                ({"WEBHOOK_URL": "https://a.example/"}, "WEBHOOK_SECRET"),
                ({"WEBHOOK_URL": "https://a.example/", "WEBHOOK_SECRET": "hunter2"}, "whsec_"),
                ({"WEBHOOK_URL": "http://a.example/", "WEBHOOK_SECRET": good, "WEBHOOK_ALLOW_PRIVATE": ""}, "https://"),
                ({"WEBHOOK_RETRY": "5s,soon"}, "soon"), ({"WEBHOOK_EVENTS": "order.eaten"}, "order.eaten"),
                ({"WEBHOOK_ALLOW_PRIVATE": "everything"}, "WEBHOOK_ALLOW_PRIVATE"),
                ({"WEBHOOK_URL": "https://a.example/", "WEBHOOK_SECRET": good, "DATABASE": "postgresql://u:p@127.0.0.1:1/x",
                  "REDIS": "redis://127.0.0.1:1", "JWT_SECRET": base64.b64encode(os.urandom(48)).decode()}, "shared shop")):
            shop = Shop(start=False, **settings)
            done = shop.run("serve")
            shutil.rmtree(shop.root, ignore_errors=True)
            self.assertEqual(done.returncode, EXIT_CANNOT_RUN, f"{settings}: {done.stderr}")
            lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
            self.assertEqual(len(lines), 1, done.stderr)
            self.assertIn(words, lines[0])
            self.assertNotIn("hunter2", done.stderr)

    def test_the_command_line_without_a_server(self):
        shop, endpoint = self.shop(), self.endpoint()
        product = shop.product()
        shop.stop(signal.SIGTERM)
        made = json.loads(shop.cli("webhook", "create", endpoint.url, "--events", "order.accepted", "--json").stdout)
        self.assertTrue(made["secret"].startswith("whsec_"))
        self.assertIn("delivered", shop.cli("webhook", "test", made["id"]).stdout)
        self.assertIn(endpoint.url, shop.cli("webhook", "list").stdout)
        shop.start()
        order = shop.register().buy(product).data["order_id"]
        self.assertTrue(endpoint.wait_for("order.accepted", id=order)[0].is_signed_by(made["secret"]))
        shop.cli("webhook", "disable", made["id"])
        self.assertIn("disabled", shop.cli("webhook", "list").stdout)
        self.assertIn("order.accepted", shop.cli("webhook", "deliveries", made["id"]).stdout)
        shop.cli("webhook", "delete", made["id"])
        self.assertEqual(shop.cli("webhook", "list").stdout, "")


if __name__ == "__main__":
    unittest.main()
