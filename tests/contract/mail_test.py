#!/usr/bin/env python3
"""Mail over a real mail server (Exim, from Debian): TLS, logins, refusals, what is written, and what doctor says of it."""
import json
import os
import shutil
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "servers"))
import exim_server  # noqa: E402  pylint: disable=wrong-import-position
from exim_server import Exim, PASSWORD, USER, certificate  # noqa: E402  pylint: disable=wrong-import-position
from shop import ADMIN_EMAIL, BUYER_PASSWORD, EXIT_CANNOT_RUN, EXIT_NO, Buyer, Shop, free_port  # noqa: E402
from webhook_endpoint import Endpoint  # noqa: E402
from wire import wait_until  # noqa: E402


class MailTest(unittest.TestCase):
    longMessage = True

    def exim(self, **more):
        exim = Exim(**more)
        self.addCleanup(exim.close)
        return exim

    def shop(self, **settings):
        shop = Shop(**settings)
        self.addCleanup(shop.close)
        return shop

    def buyer(self, shop, address, name="Ann"):
        answer = shop.post("/api/auth/register", {"email": address, "password": BUYER_PASSWORD, "name": name})
        self.assertEqual(answer.status, 201, answer)
        return Buyer(shop, address, answer.data)

    def confirmed(self, shop, buyer, product):
        order = buyer.buy(product).data["order_id"]
        buyer.wait_for(order, "confirmed")
        return order

    def mails(self, exim, count, patience=15):
        return wait_until(lambda: len(exim.mails()) >= count and exim.mails(), patience,
                          what=lambda: f"{count} mails: {[m['Subject'] for m in exim.mails()]} {exim.said()}")

    def doctor(self, shop, expect):
        report = json.loads(shop.run("doctor", "--json").stdout)
        found = [check for check in report["checks"] if check["check"] == "smtp"]
        self.assertEqual(len(found), 1, report)
        self.assertEqual(found[0]["verdict"], expect, found)
        return found[0]["detail"]


class Letters(MailTest):
    def test_confirmed_and_refunded_in_text_and_html_under_the_shops_name(self):
        exim = self.exim()
        shop = self.shop(SMTP=f"smtp://localhost:{exim.port}?tls=required", SMTP_CA=exim.ca, SMTP_USER=USER,
                         SMTP_PASSWORD=PASSWORD, SHOP_NAME="Äpfel & Co", SMTP_FROM="orders@shop.test")
        product = shop.product(name="Lampe <groß> & schön")
        buyer = self.buyer(shop, "ann@shop.test", "Zoë \"Z\" O'Neil")
        order = self.confirmed(shop, buyer, product)
        confirmation = self.mails(exim, 1)[0]
        self.assertEqual(confirmation["From"].addresses[0].display_name, "Äpfel & Co")
        self.assertEqual(confirmation["From"].addresses[0].addr_spec, "orders@shop.test")
        self.assertEqual(confirmation["To"].addresses[0].display_name, "Zoë \"Z\" O'Neil")
        self.assertEqual(confirmation["Subject"], "Your order of Lampe <groß> & schön is confirmed")
        self.assertEqual(confirmation["Message-ID"], f"<{order}.confirmation@shop.test>")
        self.assertEqual(confirmation["Return-path"], "<orders@shop.test>")
        self.assertEqual(confirmation.get_content_type(), "multipart/mixed")
        text, html = confirmation.get_body(("plain",)), confirmation.get_body(("html",))
        self.assertIn("Lampe <groß> & schön", text.get_content())
        self.assertIn("19.99 EUR", text.get_content())
        self.assertIn("Äpfel & Co", text.get_content())
        self.assertIn("Lampe &lt;groß&gt; &amp; schön", html.get_content())
        self.assertIn("Äpfel &amp; Co", html.get_content())
        invoice = list(confirmation.iter_attachments())
        self.assertEqual([a.get_content_type() for a in invoice], ["application/pdf"])
        self.assertTrue(invoice[0].get_content().startswith(b"%PDF-"))
        self.assertEqual(confirmation.defects, [])
        self.assertEqual(shop.admin.post(f"/api/admin/orders/{order}/refund").status, 200)
        refund = self.mails(exim, 2)[1]
        self.assertEqual(refund["Subject"], "Your order of Lampe <groß> & schön was refunded")
        self.assertEqual(refund["Message-ID"], f"<{order}.refunded@shop.test>")
        self.assertEqual(refund.get_content_type(), "multipart/alternative")
        self.assertIn(order, refund.get_body(("html",)).get_content())

    def test_failed_and_expired_orders_are_told_of(self):
        exim = self.exim(tls=False)
        shop = self.shop(SMTP=f"smtp://127.0.0.1:{exim.port}", PAYMENT="simulated:?latency=1ms&decline=100%", HOLD="1s")
        product, buyer = shop.product(), self.buyer(shop, "bob@shop.test")
        failed = buyer.buy(product).data["order_id"]
        buyer.wait_for(failed, "failed")
        mail = self.mails(exim, 1)[0]
        self.assertIn(f"{failed}.failed@", mail["Message-ID"])
        self.assertIn("the payment was declined", mail.get_body(("plain",)).get_content())
        shop.pause_queue()
        expired = buyer.buy(product).data["order_id"]
        buyer.wait_for(expired, "expired")
        self.assertIn(f"{expired}.expired@", self.mails(exim, 2)[1]["Message-ID"])

    def test_names_cannot_smuggle_headers(self):
        exim = self.exim(tls=False)
        shop = self.shop(SMTP=f"smtp://127.0.0.1:{exim.port}")
        evil = "Lamp\r\nBcc: all@shop.test\r\n\r\nHello"
        answer = shop.admin.post("/api/admin/products", {"id": "evil", "name": evil, "total": 5, "sale_price_minor": 1,
                                                         "currency": "EUR"})
        if answer.status == 201:  # then the mail must cope
            self.confirmed(shop, self.buyer(shop, "eve@shop.test", "Eve"), "evil")
            mail = self.mails(exim, 1)[0]
            self.assertIsNone(mail["Bcc"])
            self.assertEqual(mail["Envelope-to"], "eve@shop.test")
        else:
            self.assertEqual(answer.status, 422)
        refused = shop.post("/api/auth/register", {"email": "x@shop.test", "password": BUYER_PASSWORD,
                                                   "name": "Ann\r\nBcc: all@shop.test"})
        self.assertEqual(refused.status, 422, "a name with a line break is none")

    def test_texts_of_the_shop(self):
        exim, folder = self.exim(tls=False), tempfile.mkdtemp(prefix="scalemart-texts-")
        self.addCleanup(shutil.rmtree, folder)
        with open(f"{folder}/confirmed.txt", "w", encoding="utf-8") as file:
            file.write("Subject: {{shop}} dankt für {{order}}\n\nHallo {{name}}, das macht {{total}}.\n")
        shop = self.shop(SMTP=f"smtp://127.0.0.1:{exim.port}", MAIL_TEMPLATES=folder, SHOP_NAME="Laden")
        order = self.confirmed(shop, self.buyer(shop, "ann@shop.test"), shop.product())
        mail = self.mails(exim, 1)[0]
        self.assertEqual(mail["Subject"], f"Laden dankt für {order}")
        self.assertEqual(mail.get_body(("plain",)).get_content().strip(), "Hallo Ann, das macht 19.99 EUR.")
        self.assertIsNone(mail.get_body(("html",)))
        with open(f"{folder}/failed.txt", "w", encoding="utf-8") as file:
            file.write("Subject: x\n\n{{prise}}\n")
        broken = Shop(start=False, MAIL_TEMPLATES=folder)
        self.addCleanup(shutil.rmtree, broken.root)
        done = broken.run("serve")
        self.assertEqual(done.returncode, EXIT_CANNOT_RUN)
        self.assertRegex(done.stderr, r"SCALEMART_MAIL_TEMPLATES: .*failed\.txt.*\{\{prise\}\}")

    def test_nobody_is_told_when_nobody_shall_be(self):
        exim = self.exim(tls=False)
        shop = self.shop(SMTP=f"smtp://127.0.0.1:{exim.port}", MAIL_NOTICES="none")
        buyer = self.buyer(shop, "ann@shop.test")
        order = self.confirmed(shop, buyer, shop.product())
        self.mails(exim, 1)
        self.assertEqual(shop.admin.post(f"/api/admin/orders/{order}/refund").status, 200)
        time.sleep(0.5)
        self.assertEqual(len(exim.mails()), 1)


class Admin(MailTest):
    def test_a_webhook_that_is_disabled_is_told_to_the_administrator(self):
        exim = self.exim(tls=False)
        shop = self.shop(SMTP=f"smtp://127.0.0.1:{exim.port}", WEBHOOK_ALLOW_PRIVATE="127.0.0.0/8")
        endpoint = Endpoint(lambda told: 410)
        self.addCleanup(endpoint.close)
        hook = shop.admin.post("/api/admin/webhooks", {"url": endpoint.url + "?key=canary-5", "events": ["product.*"]}).data
        shop.product()
        mail = self.mails(exim, 1)[0]
        self.assertEqual(mail["To"].addresses[0].addr_spec, ADMIN_EMAIL)
        text = mail.get_body(("plain",)).get_content()
        self.assertIn(f"scalemart webhook enable {hook['id']}", text)
        self.assertIn("410 Gone", text)
        self.assertNotIn("canary", text)


class Refusals(MailTest):
    def steps(self, shop, order):
        return [s for s in shop.admin.get(f"/api/admin/queue/steps?order_id={order}&step=mail").data]

    def test_for_good_is_a_dead_letter_and_a_clear_line(self):
        exim = self.exim(tls=False)
        shop = self.shop(SMTP=f"smtp://127.0.0.1:{exim.port}")
        product = shop.product()
        orders = {}
        for name, reason in (("unknown", "550"), ("full", "550")):
            buyer = self.buyer(shop, f"{name}@shop.test", name)
            orders[self.confirmed(shop, buyer, product)] = reason
        dead = wait_until(lambda: len(d := shop.admin.get("/api/admin/queue/dead").data) == 2 and d, 15,
                          what=lambda: f"{shop.admin.get('/api/admin/queue/dead').data} {exim.said()}")
        for letter in dead:
            self.assertEqual(letter["step"], "mail")
            self.assertIn(orders[letter["order_id"]], letter["reason"])
        refunded = next(iter(orders))
        self.assertEqual(shop.admin.post(f"/api/admin/orders/{refunded}/refund").status, 200)
        line = wait_until(lambda: [entry for entry in shop.logs() if entry["event"] == "mail_given_up"], what="a line")[0]
        self.assertEqual((line["order_id"], line["about"]), (refunded, "order.refunded"))
        self.assertIn("550", line["reason"])
        self.assertNotIn("unknown@shop.test", shop.log_tail(1 << 20), "no address in the log")

    def test_greylisting_is_waited_out_and_holds_up_nobody(self):
        exim = self.exim(tls=False)
        shop = self.shop(SMTP=f"smtp://127.0.0.1:{exim.port}", MAIL_NOTICES="none")
        product = shop.product()
        grey = self.confirmed(shop, self.buyer(shop, "grey@shop.test"), product)
        wait_until(lambda: "greylisted" in exim.said(), what="it was refused for now")
        self.confirmed(shop, self.buyer(shop, "ann@shop.test"), product)
        self.assertEqual(self.mails(exim, 1)[0]["To"].addresses[0].addr_spec, "ann@shop.test")
        exim.stop_greylisting()
        late = self.mails(exim, 2, 30)[1]
        self.assertIn(grey, late["Message-ID"])
        self.assertEqual(shop.admin.get("/api/admin/queue/dead").data, [])

    def test_a_server_that_is_away_loses_no_mail(self):
        exim = self.exim(tls=False)
        shop = self.shop(SMTP=f"smtp://127.0.0.1:{exim.port}")
        product, buyer = shop.product(), self.buyer(shop, "ann@shop.test")
        first = self.confirmed(shop, buyer, product)
        self.mails(exim, 1)
        exim.stop()
        second = self.confirmed(shop, buyer, product)
        self.assertEqual(shop.admin.post(f"/api/admin/orders/{first}/refund").status, 200)
        wait_until(lambda: [e for e in shop.logs() if e["event"] == "mail_not_sent"], what="it says so")
        self.assertRegex(self.doctor(shop, "bad"), "cannot be reached")
        shop.kill()
        shop.start()
        exim.start()
        ids = {m["Message-ID"].split("@")[0] for m in self.mails(exim, 3, 30)}
        self.assertEqual(ids, {f"<{first}.confirmation", f"<{second}.confirmation", f"<{first}.refunded"})


class Tls(MailTest):
    """Of each server: does a mail come, and what does doctor say."""

    def outcome(self, exim, url, **settings):
        shop = self.shop(SMTP=url, **settings)
        self.confirmed(shop, self.buyer(shop, "ann@shop.test"), shop.product())
        report = json.loads(shop.run("doctor", "--json").stdout)
        detail = next(check for check in report["checks"] if check["check"] == "smtp")
        if detail["verdict"] == "good":
            self.mails(exim, 1)
        else:
            wait_until(lambda: shop.metrics().get('scalemart_fulfilment_attempts_total{stage="mail",result="failed"}', 0) or
                       any('stage="mail"' in n and "done" not in n and v for n, v in shop.metrics().items()
                           if n.startswith("scalemart_fulfilment_attempts_total")), what="a try")
            self.assertEqual(exim.mails(), [])
        return detail["verdict"], detail["detail"]

    def test_certificates(self):
        folder = tempfile.mkdtemp(prefix="scalemart-certificates-")
        os.chmod(folder, 0o755)
        self.addCleanup(shutil.rmtree, folder)
        kinds = {"good": certificate(folder, "good"), "elsewhere": certificate(folder, "elsewhere", "elsewhere.test"),
                 "expired": certificate(folder, "expired", start="20200101000000Z")}
        for name, words in (("good", "answers"), ("elsewhere", "host name"), ("expired", "expired")):
            with self.subTest(certificate=name):
                exim = self.exim(certificates=kinds[name])
                verdict, detail = self.outcome(exim, f"smtp://localhost:{exim.port}?tls=required", SMTP_CA=exim.ca)
                self.assertEqual(verdict, "good" if name == "good" else "bad", detail)
                self.assertIn(words, detail)
        exim = self.exim(certificates=kinds["good"])
        verdict, detail = self.outcome(exim, f"smtp://localhost:{exim.port}?tls=required")
        self.assertEqual(verdict, "bad", "an authority that nobody named")
        self.assertIn("SCALEMART_SMTP_CA", detail)
        verdict, detail = self.outcome(exim, f"smtps://localhost:{exim.tls_port}", SMTP_CA=exim.ca)
        self.assertEqual(verdict, "good", detail)

    def test_required_means_required_and_off_means_off(self):
        exim = self.exim(tls=False)
        verdict, detail = self.outcome(exim, f"smtp://localhost:{exim.port}?tls=required")
        self.assertEqual(verdict, "bad")
        self.assertIn("no TLS", detail)
        exim = self.exim()
        verdict, detail = self.outcome(exim, f"smtp://localhost:{exim.port}?tls=off")
        self.assertEqual(verdict, "good", detail)
        self.assertNotIn(" X=TLS", exim.said())

    def test_logins(self):
        exim = self.exim(login_only=True)
        url = f"smtp://localhost:{exim.port}?tls=required"
        verdict, detail = self.outcome(exim, url, SMTP_CA=exim.ca, SMTP_USER=USER, SMTP_PASSWORD="wrong-canary-77")
        self.assertEqual(verdict, "bad")
        self.assertIn("refused the login (535)", detail)
        self.assertNotIn("canary", detail)
        verdict, detail = self.outcome(exim, url.replace("//", f"//{USER}:{PASSWORD}@"), SMTP_CA=exim.ca)
        self.assertEqual(verdict, "good", detail)
        self.assertIn(f"A=plain:{USER}", exim.said())

    def test_wrong_settings_stop_the_start_with_one_line(self):
        for settings, words in (({"SMTP": "smtp://mail.test?tls=perhaps"}, "tls=required"),
                                ({"SMTP": "smtp://u:hunter2@mail.test?tls=off"}, "login needs"),
                                ({"SMTP": "smtp://mail.test", "SMTP_CA": "/nowhere/ca.pem"}, "SCALEMART_SMTP_CA"),
                                ({"MAIL_NOTICES": "everything"}, "failed, expired and refunded"),
                                ({"MAIL_TEMPLATES": "/nowhere"}, "SCALEMART_MAIL_TEMPLATES")):
            shop = Shop(start=False, **settings)
            done = shop.run("serve")
            shutil.rmtree(shop.root, ignore_errors=True)
            self.assertEqual(done.returncode, EXIT_CANNOT_RUN, f"{settings}: {done.stderr}")
            lines = [line for line in done.stderr.splitlines() if not line.startswith("{") and "mongoc" not in line]
            self.assertEqual(len(lines), 1, done.stderr)
            self.assertIn(words, lines[0])
            self.assertNotIn("hunter2", done.stderr)

    def test_doctor_says_that_nobody_is_there(self):
        shop = Shop(start=False, SMTP=f"smtp://127.0.0.1:{free_port()}")
        self.addCleanup(shutil.rmtree, shop.root)
        done = shop.run("doctor")
        self.assertEqual(done.returncode, EXIT_NO)
        self.assertIn("cannot be reached", done.stdout)


if __name__ == "__main__":
    if not exim_server.is_there():
        print("SKIPPED: no exim4 (apt-get install exim4-daemon-light)", file=sys.stderr)
        sys.exit(1 if os.environ.get("SCALEMART_REQUIRE_ALL") == "1" else 77)
    unittest.main()
