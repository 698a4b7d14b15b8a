"""A worker in a process of its own can be watched: alive, ready, and what it did, each step told once."""
import os
import re
import signal
import unittest

from watch import PATIENCE, Prometheus, need, read, shop, wait_until
from watch import RULES
from wire import Connection, request_bytes
from worker import Worker
import fleet


def get(port, path):
    """The answer, or None while nobody listens."""
    try:
        with Connection(port) as c:
            c.send(request_bytes("GET", path))
            return c.read_answer()
    except OSError:
        return None


def steps(answer):
    """{(stage, result): how many} of a /metrics."""
    found = re.findall(r'^scalemart_fulfilment_attempts_total\{stage="(\w+)",result="(\w+)"\} (\d+)', answer.body.decode(), re.M)
    return {(stage, result): int(count) for stage, result, count in found}


class BesideAServer(shop.ShopTest):
    settings = {"WORKERS": 0}

    def start(self, **settings):
        worker = Worker(self.shop, "watched-" + os.urandom(3).hex(), **settings)
        self.addCleanup(worker.stop)
        return worker

    def test_health_readiness_metrics(self):
        port = shop.free_port()
        worker = self.start(METRICS_LISTEN=f"127.0.0.1:{port}").wait_until_there()
        self.assertEqual(200, get(port, "/healthz").status)
        self.assertEqual(200, get(port, "/readyz").status)
        self.assertEqual(404, get(port, "/api/products").status)
        self.assertEqual(404, get(port, "/api/admin/stats").status)
        buyer = self.shop.register()
        buyer.wait_for(buyer.buy(self.shop.product()).data["order_id"], "confirmed")
        wait_until(lambda: steps(self.shop.get("/metrics")).get(("mail", "done")) == 1, what="the server tells its steps")
        metrics = get(port, "/metrics")
        self.assertEqual({}, steps(metrics), "and so they are told once")
        for line in ("scalemart_ready 1", 'scalemart_build_info{version="', "process_start_time_seconds "):
            self.assertIn("\n" + line, metrics.body.decode())
        self.shop.stop()
        away = wait_until(lambda: (a := get(port, "/readyz")).status == 503 and a, what="it has no server")
        self.assertIn("no orders can be had", away.body.decode())
        self.assertIn("\nscalemart_ready 0", get(port, "/metrics").body.decode())
        self.assertEqual(200, get(port, "/healthz").status)
        self.shop.start()
        wait_until(lambda: get(port, "/readyz").status == 200, 2 * PATIENCE, what="and again one")
        self.assertEqual(shop.EXIT_DONE, worker.stop())
        self.assertIsNone(get(port, "/healthz"))

    def test_metrics_are_the_operators(self):
        port = shop.free_port()
        self.start(METRICS_LISTEN=f"127.0.0.1:{port}", OPERATOR_NETWORK="192.0.2.0/24").wait_until_there()
        self.assertEqual(401, get(port, "/metrics").status)
        self.assertEqual(200, get(port, "/healthz").status)

    def test_an_address_that_cannot_be(self):
        for listen, why in (("nowhere", "address:port"), (f"127.0.0.1:{self.shop.port}", "in use")):
            with self.subTest(listen=listen):
                worker = self.start(METRICS_LISTEN=listen)
                self.assertEqual(shop.EXIT_CANNOT_RUN, worker.wait())
                self.assertIn("METRICS_LISTEN", worker.text())
                self.assertIn(why, worker.text())


class InASharedShop(unittest.TestCase):
    def test_steps_of_workers_are_told_once(self):
        if fleet.redis_server.program() is None or fleet.postgresql_server.programs() is None:
            self.assertNotEqual("1", os.environ.get("SCALEMART_REQUIRE_ALL"), "postgresql and redis-server are needed")
            self.skipTest("PostgreSQL and Redis are needed")
        shared = fleet.Fleet()
        self.addCleanup(shared.close)
        gateways = [shared.gateway(WORKERS=workers) for workers in (0, 1)]
        ports = [shop.free_port() for _ in range(2)]
        for number, port in enumerate(ports):
            shared.worker(f"watched-{number}", METRICS_LISTEN=f"127.0.0.1:{port}").wait_until_there()
        prometheus = Prometheus({"scalemart": [g.port for g in gateways], "scalemart-workers": ports})
        self.addCleanup(prometheus.close)
        count, thing = 60, gateways[0].product(total=60, per_user_limit=60)
        buyers = [gateways[0].register() for _ in range(3)]
        orders = [buyers[i % 3].buy(thing).data["order_id"] for i in range(count)]
        for i, order in enumerate(orders):
            buyers[i % 3].wait_for(order, "confirmed")
        # As the rules add them up, whatever of the three did how many.
        rule = re.search(r"sum by \(stage, result\) \(rate\((scalemart_fulfilment_attempts_total\{.*?\})", read(RULES, "rules.yml")).group(1)
        for stage in ("payment", "confirm", "invoice", "mail"):
            one = rule.replace("{", '{stage="%s",result="done",' % stage)
            told = lambda q=f"sum({one})": prometheus.ask(q)  # noqa: E731
            wait_until(lambda: told() and told()[0][1] == count, 2 * PATIENCE, what=lambda: f"{stage}: {told()}")
        self.assertGreater(sum(steps(get(port, "/metrics")).get(("confirm", "done"), 0) for port in ports), 0, "workers of their own did some")
        shared.workers[0].send(signal.SIGTERM)
        wait_until(lambda: get(ports[0], "/healthz") is None, what="it goes")


if __name__ == "__main__":
    need("prometheus", "promtool")
    shop.main()
