"""A crowd that buys at a cluster while something happens to it, and what must be true afterwards."""
import json
import os
import subprocess
import time
import urllib.request

from cluster.machine import Problem, wait_until
from cluster.program import ADMIN
from cluster.store import BINARY

BUYERS = 4000
RATE = 200  # buys a second: sixteen processes, their crowd and the servers share two cores
SECONDS = 10


class Shop:
    """A cluster's shop, seen from outside. `address` where buyers go: HAProxy, or one gateway."""

    def __init__(self, cluster, address=None):
        self.cluster = cluster
        self.url = "http://" + (address or cluster.store.of("haproxy")[0].address)
        self.token = None
        self.tokens = os.path.join(cluster.store.folder, "tokens")
        self.products = 0

    def call(self, method, path, body=None, patience=10):
        request = urllib.request.Request(self.url + path, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", "Bearer " + self.token)
        with urllib.request.urlopen(request, timeout=patience) as answer:
            return json.load(answer)

    def open(self):
        password = self.cluster.store.secret("admin")
        self.token = self.call("POST", "/api/auth/login", {"email": ADMIN, "password": password})["data"]["access_token"]
        gateway = self.cluster.store.of("gateway")[0]
        # Reads the tokens that the server makes for its operators.
        self.run(gateway, "user", "seed", "--count", str(BUYERS), "--tokens", self.tokens)
        return self

    def run(self, member, *command, check=True):
        """A command of the program with this member's settings."""
        return subprocess.run([*member.wrapper, BINARY, *command], env={**os.environ, **member.environment}, text=True,
                              capture_output=True, check=check)

    def product(self, total=1_000_000):
        self.products += 1
        name = f"lamp-{self.products}"
        self.call("POST", "/api/admin/products", {"id": name, "name": "Lamp", "total": total, "sale_price_minor": 1999})

        def is_known():
            for gateway in self.cluster.store.of("gateway"):
                try:
                    with urllib.request.urlopen(f"http://{gateway.address}/api/products/{name}", timeout=2):
                        pass
                except OSError:
                    return False
            return True
        wait_until(is_known, 10, f"all gateways sell {name}")
        return name


class Crowd:
    """Buys for a while; shoppers ask again under the same key, and follow every order to its end."""

    def __init__(self, shop, product, *, url=None, seed=1, seconds=SECONDS, rate=RATE, wrapper=()):
        self.report = os.path.join(shop.cluster.store.folder, f"report-{product}-{seed}.json")
        self.words = os.path.join(shop.cluster.store.folder, f"crowd-{product}-{seed}.log")
        with open(self.words, "wb") as words:
            self.process = subprocess.Popen(
                [*wrapper, BINARY, "rehearse", url or shop.url, "--product", product, "--tokens", shop.tokens, "--rate", str(rate),
                 "--duration", f"{seconds}s", "--connections", "100", "--mix", "shoppers=100", "--patience", "60s", "--seed",
                 str(seed), "--i-own-this-host", "--json", self.report], stdout=words, stderr=words)

    def result(self):
        self.process.wait(150)
        try:
            with open(self.report, encoding="utf-8") as file:
                return json.load(file)
        except OSError as why:
            with open(self.words, encoding="utf-8") as words:
                raise Problem(f"the crowd has no report: {words.read()[-500:]}") from why


def settled(shop, product):
    """No order of this product is open any more."""
    def is_settled():
        try:
            return shop.call("GET", f"/api/products/{product}")["data"]["held"] == 0
        except OSError:
            return False
    wait_until(is_settled, 60, f"every order of {product} is settled")


def check(test, shop, product, results, sold_out=None):
    """What a fault must not change: no yes lost, no unit sold twice, every order settled, and the record says the same.
    `sold_out`: so many units there were, and all of them are sold."""
    for result in results:
        broken = [c for c in result["checks"] if not c["ok"]]
        # Crowds that share a product do not know of each other's buys.
        if len(results) > 1:
            broken = [c for c in broken if c["name"] != "units_match_answers"]
        test.assertEqual([], broken)
        test.assertNotIn("accepted_order_not_found", result["errors_by_kind"], "a yes that was lost")
        if sold_out is None:
            test.assertGreater(result["accepted"], 0)
        test.assertEqual(0, result["unknown"], result)
        ends = {"confirmed": result["accepted"]} if result["accepted"] else {}
        test.assertEqual(ends, result["orders_by_end"], "every order is confirmed")
    settled(shop, product)
    stock = shop.call("GET", f"/api/products/{product}")["data"]
    accepted = sum(result["accepted"] for result in results)
    if sold_out is not None:
        test.assertEqual(sold_out, accepted)
    test.assertEqual((accepted, stock["total"] - accepted), (stock["sold"], stock["available"]), "what was sold is what was said")
    gateway = next(m for m in shop.cluster.store.of("gateway") if m.is_alive())
    verified = shop.run(gateway, "verify", check=False)
    test.assertEqual(0, verified.returncode, verified.stdout + verified.stderr)


def after(seconds):
    time.sleep(seconds)
