"""HTTPS: the same shop behind a certificate that can be changed while it sells."""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import shop
from wire import Connection, request_bytes, wait_until


def certificate(folder, name):
    """A fresh self-signed certificate for shop.test; (certificate, key)."""
    cert, key = os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:shop.test", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


def expired_certificate(folder):
    cert, key = certificate(folder, "expired")
    subprocess.run(["openssl", "x509", "-in", cert, "-signkey", key, "-days", "0", "-out", cert + ".old"], check=True, capture_output=True)
    return cert + ".old", key


class TlsShop(shop.Shop):
    def connect(self, **more):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return Connection(self.port, wrap=lambda s: context.wrap_socket(s, server_hostname="shop.test"), **more)

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
        try:
            with self.connect() as c:
                return c.request("GET", "/readyz").status == 200
        except OSError:
            return False


class Tls(shop.ShopTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="scalemart-tls-")
        cls.cert, cls.key = certificate(cls.folder, "first")
        cls.shop = TlsShop(TLS_CERT=cls.cert, TLS_KEY=cls.key, HEADER_TIMEOUT="2s")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.folder)

    def served(self):
        """The certificate that new connections get."""
        return ssl.get_server_certificate(("127.0.0.1", self.shop.port))

    def read(self, path):
        with open(path, encoding="ascii") as file:
            return file.read()

    def test_a_sale_over_https(self):
        buyer, thing = self.shop.register(), self.shop.product()
        answer = buyer.buy(thing)
        self.assertEqual(200, answer.status)
        self.assertIn("max-age=31536000", answer.header("Strict-Transport-Security"))
        self.assertEqual("confirmed", buyer.wait_for(answer.data["order_id"], "confirmed")["status"])

    def test_a_browsers_cookie_is_secure(self):
        buyer = self.shop.register()
        login = self.shop.post("/api/auth/login", {"email": buyer.email, "password": shop.BUYER_PASSWORD},
                               headers={"X-Session": "cookie", "Origin": "https://shop.test"})
        self.assertEqual(200, login.status, login)
        cookie = login.header("Set-Cookie")
        self.assertTrue(cookie.startswith("__Secure-scalemart_refresh=smr_") and cookie.endswith("; Secure"), cookie)
        fresh = self.shop.post("/api/auth/refresh", {}, headers={"X-Session": "cookie", "Cookie": cookie.split(";")[0]})
        self.assertEqual(200, fresh.status, fresh)

    def test_pipelining_and_large_answers(self):
        with self.shop.connect() as c:
            c.send(request_bytes("GET", "/openapi.json") * 20)
            self.assertEqual(1, len({c.read_answer().body for _ in range(20)}))

    def test_old_protocols_are_refused(self):
        for name, version in (("TLSv1", ssl.TLSVersion.TLSv1), ("TLSv1.1", ssl.TLSVersion.TLSv1_1)):
            with self.subTest(version=name):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.set_ciphers("ALL:@SECLEVEL=0")
                context.minimum_version = context.maximum_version = version
                with self.assertRaises((ssl.SSLError, ConnectionError)), socket.create_connection(("127.0.0.1", self.shop.port)) as s:
                    context.wrap_socket(s)

    def test_plain_http_is_not_answered(self):
        with Connection(self.shop.port, patience=8) as c:
            c.send(request_bytes("GET", "/healthz"))
            c.socket.settimeout(8)
            try:
                self.assertNotIn(b"200 OK", c.socket.recv(4096))
            except ConnectionError:
                pass

    def test_a_handshake_that_stalls_is_cut(self):
        begun = time.monotonic()
        with Connection(self.shop.port, patience=15) as c:
            c.send(b"\x16\x03\x01")
            self.assertTrue(c.is_closed_by_peer(15))
        self.assertLess(time.monotonic() - begun, 12)

    def s_client(self, *options):
        """What openssl's own client says of the listener; None: no handshake."""
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.shop.port}", "-servername", "shop.test", *options],
                              input="", capture_output=True, text=True, timeout=20, check=False)
        return done.stdout if done.returncode == 0 and "Cipher is (NONE)" not in done.stdout else None

    def test_defaults_are_safe_as_openssl_sees_them(self):
        modern = self.s_client("-tls1_3")
        self.assertIn("TLSv1.3", modern)
        self.assertIn("Server Temp Key: X25519", modern)
        older = self.s_client("-tls1_2")
        self.assertRegex(older, r"Cipher is ECDHE-ECDSA-(AES\d+-GCM|CHACHA20)")
        self.assertIn("Compression: NONE", older)
        self.assertNotIn("TLS session ticket:", older)
        self.assertIn("No ALPN negotiated", modern)
        self.assertIn("ALPN protocol: http/1.1", self.s_client("-alpn", "h2,http/1.1"))
        for refused in (("-tls1_1",), ("-tls1",), ("-tls1_2", "-cipher", "AES128-SHA"), ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"),
                        ("-alpn", "h2")):
            self.assertIsNone(self.s_client(*refused), refused)

    def test_files_that_do_not_fit_stop_the_start_with_a_line(self):
        expired = expired_certificate(self.folder)
        other = certificate(self.folder, "other")
        for (cert, key), line in ((expired, r"TLS: the certificate .*expired.pem.old expired at \d{4}-.*: renew it"),
                                  ((other[0], self.key), r"TLS: (cannot use the key|certificate and key).*mismatch"),
                                  ((other[1], other[1]), r"TLS: cannot read the certificate"),
                                  ((other[0], self.folder + "/none.key"), "TLS_KEY|TLS: cannot use the key .*none.key")):
            with self.subTest(line=line):
                done = self.shop.run("serve", "--tls-cert", cert, "--tls-key", key, "--listen", f"127.0.0.1:{shop.free_port()}",
                                     "--data", os.path.join(self.folder, "data"))
                self.assertEqual(shop.EXIT_CANNOT_RUN, done.returncode, done)
                self.assertRegex(done.stderr.splitlines()[-1], line)
        verdicts = json.loads(self.shop.run("doctor", "--json", "--tls-cert", expired[0], "--tls-key", expired[1]).stdout)["checks"]
        self.assertEqual(["bad"], [check["verdict"] for check in verdicts if check["check"] == "certificate"])

    def test_the_certificate_is_read_again_on_sighup(self):
        self.assertEqual(self.read(self.cert), self.served())
        with self.shop.connect() as kept:
            self.assertEqual(200, kept.request("GET", "/healthz").status)
            cert, key = certificate(self.folder, "second")
            os.replace(cert, self.cert)
            os.replace(key, self.key)
            self.shop.process.send_signal(signal.SIGHUP)
            wait_until(lambda: self.served() == self.read(self.cert))
            self.assertEqual(200, kept.request("GET", "/healthz").status, "who was connected stays so")
            # A broken one is not taken.
            now = self.read(self.cert)
            with open(self.cert, "w", encoding="ascii") as file:
                file.write("nonsense")
            self.shop.process.send_signal(signal.SIGHUP)
            wait_until(lambda: any("certificate" in str(line).lower() and line.get("level") in ("error", "warn", "warning")
                                   for line in self.shop.logs()), what="the log says so")
            self.assertEqual(now, self.served())
            with open(self.cert, "w", encoding="ascii") as file:
                file.write(now)


if __name__ == "__main__":
    shop.main()
