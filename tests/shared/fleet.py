"""A shop of several processes as an operator runs it: PostgreSQL, Redis, gateways and workers, all really started."""
import collections
import os
import signal
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(os.path.dirname(HERE), folder) for folder in ("contract", "servers")]

import postgresql_server  # noqa: E402
import redis_server  # noqa: E402
import shop  # noqa: E402
from wire import PATIENCE, wait_until  # noqa: E402
from worker import Worker  # noqa: E402

SECRET = "not-a-secret-0123456789-0123456789-0123456789-abcdef"
MISSING = 77


class Fleet:
    """Two servers, and whatever gateways and workers are asked for. close() ends all of it and removes it."""

    def __init__(self, **settings):
        self.database = postgresql_server.PostgresServer(["max_connections=200"])
        self.redis = redis_server.RedisServer()
        self.settings, self.gateways, self.workers = settings, [], []
        self.database.start()
        self.redis.start()

    def gateway(self, **settings):
        gateway = shop.Shop(start=False)
        book = os.path.join((self.gateways or [gateway])[0].root, "bank.txt")
        gateway.configure(DATABASE=self.database.url, REDIS=self.redis.url, JWT_SECRET=SECRET,
                          PAYMENT=f"simulated:?latency=20ms&book={book}")
        gateway.configure(**{**self.settings, **settings})
        gateway.book = book
        self.gateways.append(gateway)
        gateway.start(60)
        return gateway

    def worker(self, name, *arguments, **settings):
        """With a folder of its own, as on another machine."""
        settings.setdefault("DATA", os.path.join(self.gateways[0].root, "data-" + name))
        worker = Worker(self.gateways[0], name, *arguments, **settings)
        self.workers.append(worker)
        return worker

    def close(self):
        try:
            for worker in self.workers:
                code = worker.stop()
                assert code in (shop.EXIT_DONE, shop.EXIT_CANNOT_RUN, -signal.SIGKILL), (code, worker.text())
            for gateway in self.gateways:
                gateway.close()
        finally:
            self.redis.remove()
            self.database.remove()


class FleetTest(shop.ShopTest):
    """Two gateways and what workers the class wants, for all its tests."""
    settings, members = {}, ()

    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(**cls.settings)
        try:
            cls.gateways = [cls.fleet.gateway() for _ in range(2)]
            cls.shop = cls.gateways[0]
            cls.workers = [cls.fleet.worker(name) for name in cls.members]
            for worker in cls.workers:
                worker.wait_until_there()
            cls.buyers = [cls.shop.register() for _ in range(4)]
        except BaseException:
            cls.fleet.close()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.fleet.close()

    def bank(self, latency, *more):
        return f"simulated:?latency={latency}&" + "".join(m + "&" for m in more) + f"book={self.shop.book}"

    def worker(self, name, *arguments, **settings):
        made = self.fleet.worker(name, *arguments, **settings)
        self.addCleanup(made.stop)
        return made.wait_until_there()

    def ask(self, gateway, method, path, token, body=None, **more):
        answer = gateway.request(method, path, body, token=token, **more)
        self.assertEqual(200, answer.status, answer)
        return answer.data

    def status(self, gateway, index, order):
        """None: the record has no answer at the moment."""
        answer = gateway.get(f"/api/orders/{order}", token=self.buyers[index % 4].token)
        self.assertIn(answer.status, (200, 503), answer)
        return answer.data["status"] if answer.status == 200 else None

    def buy(self, count, product=None):
        """So many orders of one unit, at both gateways in turn."""
        self.thing = product or self.shop.product(total=count)
        wait_until(lambda: self.gateways[1].get(f"/api/products/{self.thing}").status == 200, what="both know it")
        answers = [self.gateways[i % 2].post("/api/flash-buy", {"product_id": self.thing}, token=self.buyers[i % 4].token)
                   for i in range(count)]
        self.assertEqual({200}, {answer.status for answer in answers}, answers)
        return [answer.data["order_id"] for answer in answers]

    def queue(self, gateway):
        return self.ask(gateway, "GET", "/api/admin/queue", self.shop.admin.token)

    def names(self, gateway):
        return sorted(w["id"] for w in self.ask(gateway, "GET", "/api/admin/workers", self.shop.admin.token))

    def assert_settled_once(self, orders, patience=4 * PATIENCE):
        open_orders = dict(enumerate(orders))

        def all_settled():
            for i, order in list(open_orders.items()):
                if self.status(self.gateways[i % 2], i, order) not in (None, "pending", "processing"):
                    del open_orders[i]
            return not open_orders
        wait_until(all_settled, patience, every=0.2, what=lambda: f"{len(open_orders)} orders are not settled")
        for i, order in enumerate(orders):
            self.assertEqual("confirmed", self.status(self.gateways[1], i, order))
        with open(self.shop.book, encoding="ascii") as file:
            charged = collections.Counter(file.read().split("\n"))
        self.assertEqual({1}, {charged[f"charged {order}"] for order in orders}, "each is charged once")
        for gateway in self.gateways:
            report = gateway.verify()
            self.assertEqual((True, 0), (report["ok"], report["drift"]), report)


def main():
    """Without the servers nothing is tested: said loudly, and a failure where everything is required."""
    if postgresql_server.programs() is None or redis_server.program() is None:
        print("SKIPPED: PostgreSQL and Redis are needed (Debian packages postgresql, redis-server)", file=sys.stderr)
        sys.exit(1 if os.environ.get("SCALEMART_REQUIRE_ALL") == "1" else MISSING)
    unittest.main(verbosity=2, warnings="ignore")  # connections that threads kept are closed by their ends
