"""A network that splits the old Redis master and a gateway from the rest, for seven seconds, while both sides sell the same products.

On the far side are redis-1, the master; a Sentinel that goes on believing in it; and gateway-1. The database is reached from both. Each
side has a Redis that knows of all units as free, so only the database can say no.
"""
import time
import unittest

import fleet
from fleet import ClusterTest
from namespace import Namespace
from sale import Crowd, Shop, check

fleet.need("redis", "postgresql", "haproxy", "namespaces")

PRODUCTS = 3
UNITS = 300
SPLIT = 7  # seconds
# The two places where the database says no.
SWITCH_OFF = """
SET search_path = scalemart;
DO $do$ BEGIN EXECUTE replace(replace(pg_get_functiondef('reserve_v1'::regproc),
  'units[s] < quantity[i]', 'false'), 't.available >= wanted[p.k]', 'true'); END $do$;
ALTER TABLE stock DROP CONSTRAINT stock_available_check, DROP CONSTRAINT stock_no_oversell"""


class Partition(ClusterTest):
    def setUp(self):
        self.far = Namespace()
        self.addCleanup(self.far.remove)
        hosts = {name: self.far.near for name in ("redis-2", "redis-3", "sentinel-2", "sentinel-3")}
        hosts |= {"redis-1": self.far.far, "sentinel-1": self.far.far, "gateway-1": self.far.far_kept}
        hosts |= {name: self.far.near_kept for name in ("postgres-1", "postgres-2")}
        wrappers = {name: self.far.inside for name in ("redis-1", "sentinel-1", "gateway-1")}
        self.whole = self.cluster(hosts=hosts, wrappers=wrappers,
                                  more={"SCALEMART_PAYMENT": "simulated:?latency=50ms", "SCALEMART_LOG": "warn"},
                                  # The old master sells on: the worst case. deploy/redis/redis.conf would stop it after 3 s.
                                  redis_options=["min-replicas-to-write 0"])
        self.shop = Shop(self.whole).open()

    def sell_on_both_sides(self):
        """The crowds' reports, by product."""
        products = [self.shop.product(UNITS) for _ in range(PRODUCTS)]
        gateway = {name: self.whole.store.members[name].address for name in ("gateway-1", "gateway-2")}
        old = self.whole.redis.master()
        self.assertEqual("redis-1", old.name)
        self.far.cut()
        cut_at = time.monotonic()
        self.eventually(lambda: self.whole.redis.info(self.whole.store.members["redis-2"]).get("role") == "master" or
                        self.whole.redis.info(self.whole.store.members["redis-3"]).get("role") == "master", 10,
                        "the near side has a master of its own")
        crowds = {product: [Crowd(self.shop, product, url="http://" + gateway[side], seed=seed, seconds=2, rate=400)
                            for seed, side in enumerate(gateway, 1)] for product in products}
        time.sleep(max(0.0, SPLIT - (time.monotonic() - cut_at)))
        self.far.mend()
        return {product: [crowd.result() for crowd in both] for product, both in crowds.items()}

    def test_both_sides_sell_and_no_unit_twice(self):
        sides = {0: 0, 1: 0}
        for product, results in self.sell_on_both_sides().items():
            check(self, self.shop, product, results, sold_out=UNITS)
            for side, result in enumerate(results):
                sides[side] += result["accepted"]
        self.assertGreater(min(sides.values()), 0, "both sides sold")
        old = self.whole.store.members["redis-1"]
        self.eventually(lambda: self.whole.redis.info(old).get("role") == "slave")

    def test_without_the_databases_condition_it_would_oversell(self):
        """The counter-proof: this test sees what the condition prevents."""
        self.whole.database.sql(self.whole.database.primary(), SWITCH_OFF, "shop")
        sold = {product: sum(result["accepted"] for result in results) for product, results in self.sell_on_both_sides().items()}
        self.assertGreater(max(sold.values()), UNITS, sold)
        verified = self.shop.run(self.whole.store.members["gateway-2"], "verify", check=False)
        self.assertEqual(1, verified.returncode, verified.stdout)
        self.assertIn("oversold", verified.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
