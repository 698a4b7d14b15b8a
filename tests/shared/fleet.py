"""A shop of several processes as an operator runs it: PostgreSQL, Redis, gateways and workers, all really started."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(os.path.dirname(HERE), folder) for folder in ("contract", "servers")]

import postgresql_server  # noqa: E402
import redis_server  # noqa: E402
import shop  # noqa: E402
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
                worker.stop()
            for gateway in self.gateways:
                gateway.close()
        finally:
            self.redis.remove()
            self.database.remove()


def main():
    """Without the servers nothing is tested: said loudly, and a failure where everything is required."""
    if postgresql_server.programs() is None or redis_server.program() is None:
        print("SKIPPED: PostgreSQL and Redis are needed (Debian packages postgresql, redis-server)", file=sys.stderr)
        sys.exit(1 if os.environ.get("SCALEMART_REQUIRE_ALL") == "1" else MISSING)
    unittest.main(verbosity=2)
