"""The examples of deploy/proxies, really started in front of a shop: HTTPS and HTTP/2 to buyers, and nothing of the shop's promises lost."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import shop
from tls_test import certificate
from wire import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "deploy", "proxies")
PATH = os.environ.get("PATH", "") + ":/usr/sbin"


class Proxied:
    """What every proxy must do. Subclasses say how theirs is started."""
    program, example = "", ""

    @classmethod
    def setUpClass(cls):
        if not shutil.which(cls.program, path=PATH):
            why = f"SKIPPED: {cls.program} is not installed"
            if os.environ.get("SCALEMART_REQUIRE_ALL") == "1":
                raise AssertionError(why)
            raise unittest.SkipTest(why)
        cls.folder = tempfile.mkdtemp(prefix="scalemart-proxy-")
        os.chmod(cls.folder, 0o755)
        cls.cert, cls.key = certificate(cls.folder, "shop")
        cls.port, cls.plain = shop.free_port(), shop.free_port()
        cls.shop = shop.Shop(TRUSTED_PROXIES="127.0.0.1/32", RATE_LIMIT_FLASH_BUY="3/60s")
        with open(os.path.join(EXAMPLES, cls.example), encoding="utf-8") as file:
            text = file.read()
        for old, new in cls.replaced().items():
            assert old in text, f"{cls.example} has no {old!r} any more"
            text = text.replace(old, new)
        cls.file = os.path.join(cls.folder, cls.example)
        with open(cls.file, "w", encoding="utf-8") as file:
            file.write(text)
        cls.log = open(os.path.join(cls.folder, "log"), "wb")  # pylint: disable=consider-using-with
        cls.process = subprocess.Popen(cls.command(), cwd=cls.folder, stdin=subprocess.DEVNULL, stdout=cls.log, stderr=cls.log,
                                       env={**os.environ, "PATH": PATH, "HOME": cls.folder})
        try:
            wait_until(lambda: cls.curl("/readyz", check=False)[0] == 200, what=cls.said)
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.process.send_signal(signal.SIGTERM)
        try:
            cls.process.wait(10)
        except subprocess.TimeoutExpired:
            cls.process.kill()
            cls.process.wait()
        cls.log.close()
        cls.shop.close()
        shutil.rmtree(cls.folder)

    @classmethod
    def said(cls):
        with open(cls.log.name, encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    @classmethod
    def curl(cls, path, *options, body=None, token=None, check=True):
        """(status, version of HTTP, headers as text, body)"""
        command = ["curl", "-sS", "-i", "--http2", "--cacert", cls.cert, "--resolve", f"shop.test:{cls.port}:127.0.0.1", "--max-time", "15",
                   "-w", "\n%{http_code} %{http_version}", *options, f"https://shop.test:{cls.port}{path}"]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        if token:
            command += ["-H", "Authorization: Bearer " + token]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            assert not check, done.stderr
            return 0, "", "", ""
        text, _, last = done.stdout.rpartition("\n")
        head, _, content = text.replace("\r\n", "\n").partition("\n\n")
        status, version = last.split()
        return int(status), version, head.lower(), content

    def test_a_sale_over_http2(self):
        buyer, thing = self.shop.register(), self.shop.product()
        status, version, head, body = self.curl("/api/flash-buy", "-H", "Idempotency-Key: once", body={"product_id": thing}, token=buyer.token)
        self.assertEqual((200, "2"), (status, version), body)
        self.assertIn("strict-transport-security: max-age=", head)
        order = json.loads(body)["data"]["order_id"]
        self.assertEqual("confirmed", buyer.wait_for(order, "confirmed")["status"])
        again = self.curl("/api/flash-buy", "-H", "Idempotency-Key: once", body={"product_id": thing}, token=buyer.token)
        self.assertEqual(order, json.loads(again[3])["data"]["order_id"])
        self.assertIn("idempotent-replayed: true", again[2])

    def test_refusals_pass_unchanged(self):
        buyer, thing = self.shop.register(), self.shop.product(total=1)
        statuses = [self.curl("/api/flash-buy", body={"product_id": thing}, token=buyer.token) for _ in range(4)]
        self.assertEqual([200, 400, 400, 429], [status for status, *_ in statuses])
        self.assertIn("retry-after:", statuses[3][2])
        self.assertEqual("Too many requests.", json.loads(statuses[3][3])["detail"])
        self.assertEqual(413, self.curl("/api/flash-buy", body={"product_id": "x" * 100_000}, token=buyer.token)[0])

    def test_a_live_stream_is_not_held_back(self):
        thing = self.shop.product(total=5)
        done = self.curl(f"/api/products/{thing}/events", "-N", "--max-time", "2", check=False)
        self.assertEqual(0, done[0], "it goes on until curl hangs up")
        stream = subprocess.Popen(["curl", "-sSN", "--http2", "--cacert", self.cert, "--resolve", f"shop.test:{self.port}:127.0.0.1",
                                   f"https://shop.test:{self.port}/api/products/{thing}/events"], stdout=subprocess.PIPE)
        try:
            os.set_blocking(stream.stdout.fileno(), False)
            seen = [b""]

            def has(text):
                seen[0] += stream.stdout.read() or b""
                return text in seen[0]
            wait_until(lambda: has(b'"available":5'), what="the first picture")
            self.assertEqual(200, self.shop.register().buy(thing).status)
            wait_until(lambda: has(b'"available":4'), what=lambda: seen[0])
        finally:
            stream.kill()
            stream.wait()
            stream.stdout.close()

    def test_what_a_client_says_about_its_address_is_not_believed(self):
        bodies = {"email": "nobody@shop.test", "password": "not-the-right-one"}
        for number in range(3):
            self.curl("/api/auth/login", "-H", f"X-Forwarded-For: 198.51.100.{number}", "-H", f"Forwarded: for=198.51.100.{number}", body=bodies)
        audit = self.shop.admin.get("/api/admin/audit?what=login_failed").data
        self.assertEqual({"127.0.0.1"}, {entry["from"] for entry in audit}, audit)

    def test_metrics_are_not_for_everybody(self):
        self.assertEqual(404, self.curl("/metrics")[0])

    def test_a_browsers_cookie_is_secure(self):
        buyer = self.shop.register()
        status, _, head, _ = self.curl("/api/auth/login", "-H", "X-Session: cookie", "-H", f"Origin: https://shop.test:{self.port}",
                                       body={"email": buyer.email, "password": shop.BUYER_PASSWORD})
        self.assertEqual(200, status)
        self.assertRegex(head, "set-cookie: __secure-scalemart_refresh=.*; secure")

    def test_old_protocols_are_refused(self):
        for protocol in ("-tls1_1", "-tls1"):
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-servername", "shop.test", protocol],
                                  input="", capture_output=True, text=True, timeout=20, check=False)
            self.assertTrue(done.returncode != 0 or "Cipher is (NONE)" in done.stdout, protocol)

    def test_plain_http_is_sent_to_https(self):
        done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "-H", "Host: shop.test",
                               f"http://127.0.0.1:{self.plain}/products/lamp"], capture_output=True, text=True, timeout=20, check=True)
        self.assertRegex(done.stdout, r"^30[18] https://shop.test(:\d+)?/products/lamp$")


class Nginx(Proxied, shop.ShopTest):
    program, example = "nginx", "nginx.conf"

    @classmethod
    def replaced(cls):
        return {"server 127.0.0.1:3000": f"server 127.0.0.1:{cls.shop.port}", "listen 443": f"listen 127.0.0.1:{cls.port}",
                "listen 80": f"listen 127.0.0.1:{cls.plain}", "shop.example;": "shop.test;",
                "/etc/ssl/shop.example/fullchain.pem": cls.cert, "/etc/ssl/shop.example/privkey.pem": cls.key}

    @classmethod
    def command(cls):
        whole = os.path.join(cls.folder, "whole.conf")
        with open(whole, "w", encoding="utf-8") as file:
            file.write(f"daemon off; master_process off; pid {cls.folder}/pid; error_log stderr; events {{ worker_connections 512; }}\n"
                       "http { " + "".join(f"{kind}_temp_path {cls.folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) +
                       f"include {cls.file}; }}\n")
        return ["nginx", "-p", cls.folder, "-c", whole]


class Haproxy(Proxied, shop.ShopTest):
    program, example = "haproxy", "haproxy.cfg"

    @classmethod
    def replaced(cls):
        both = os.path.join(cls.folder, "both.pem")
        with open(both, "w", encoding="ascii") as file:
            for name in (cls.cert, cls.key):
                with open(name, encoding="ascii") as part:
                    file.write(part.read())
        return {"server program 127.0.0.1:3000": f"server program 127.0.0.1:{cls.shop.port}", "bind :443": f"bind 127.0.0.1:{cls.port}",
                "bind :80": f"bind 127.0.0.1:{cls.plain}", "/etc/ssl/shop.example/fullchain-and-key.pem": both}

    @classmethod
    def command(cls):
        return ["haproxy", "-f", cls.file]


class Caddy(Proxied, shop.ShopTest):
    program, example = "caddy", "Caddyfile"

    @classmethod
    def replaced(cls):
        return {"shop.example {": f"{{\n\tadmin off\n\thttp_port {cls.plain}\n\thttps_port {cls.port}\n}}\n"
                                  f"https://shop.test {{\n\ttls {cls.cert} {cls.key}\n",
                "reverse_proxy 127.0.0.1:3000": f"reverse_proxy 127.0.0.1:{cls.shop.port}"}

    @classmethod
    def command(cls):
        return ["caddy", "run", "--adapter", "caddyfile", "--config", cls.file]


if __name__ == "__main__":
    shop.main()
