"""Something dies, freezes, fills up or forgets everything while a crowd buys: no yes is lost, no unit is sold twice, every order is settled."""
import signal
import unittest

import fleet
from cluster.resp import RedisError
from fleet import ClusterTest
from sale import RATE, Crowd, Shop, after, check

fleet.need("redis", "postgresql", "haproxy")


SETTINGS = {"SCALEMART_PAYMENT": "simulated:?latency=50ms", "SCALEMART_LOG": "warn"}


class SaleTest(ClusterTest):
    """One cluster for all faults: each is mended before the next, as in real life."""
    made_of = {}

    @classmethod
    def setUpClass(cls):
        cls.whole, cls.close = fleet.standing(cls.made_of, more=SETTINGS)
        cls.shop = Shop(cls.whole).open()

    @classmethod
    def tearDownClass(cls):
        cls.close()

    def sell_through(self, fault, products=1):
        """Two seconds of selling, the fault (which ends mended), and what comes of it."""
        crowds = {product: Crowd(self.shop, product, rate=RATE // products)
                  for product in [self.shop.product() for _ in range(products)]}
        after(2)
        fault()
        for product, crowd in crowds.items():
            check(self, self.shop, product, [crowd.result()])


class Faults(SaleTest):
    # --- the program
    def test_gateway_is_killed(self):
        def fault():
            self.assertEqual(1, len(self.whole.kill("gateway-2")))
            after(3)
            self.whole.start("gateway-2")
        self.sell_through(fault)

    def test_worker_is_killed_and_its_orders_are_taken_over(self):
        def fault():
            self.whole.kill("worker-1")
            self.whole.kill("worker-2")
            after(3)
            self.whole.start("workers")
        self.sell_through(fault)

    # --- Redis
    def test_redis_master_is_killed_and_a_replica_takes_over(self):
        old = self.whole.redis.master()

        def fault():
            self.whole.kill("redis-master")
            self.eventually(lambda: self.whole.redis.master() is not old)
            self.whole.start(old.name)
        self.sell_through(fault)

    def test_all_of_redis_is_lost_and_rebuilt_from_the_database(self):
        def fault():
            self.whole.kill("redis")
            after(1)
            for server in self.whole.redis.servers:
                self.whole.redis.forget(server)
            self.whole.start("redis")
            self.whole.redis.load_library()
        self.sell_through(fault)

    def test_everything_in_redis_is_flushed(self):
        self.sell_through(lambda: self.on_master("FLUSHALL"))

    def test_frozen_master_wakes_up_as_a_replica(self):
        old = self.whole.redis.master()

        def fault():
            old.signal(signal.SIGSTOP)
            self.eventually(lambda: self.whole.redis.master() is not old)
            old.signal(signal.SIGCONT)
            self.eventually(lambda: self.whole.redis.info(old).get("role") == "slave")
        self.sell_through(fault)

    def test_redis_is_slow(self):
        def fault():
            for _ in range(10):
                self.on_master("CLIENT", "PAUSE", 300, "ALL")
                after(0.4)
        self.sell_through(fault)

    def test_redis_is_full(self):
        def fault():
            self.on_master("CONFIG", "SET", "maxmemory", 1)
            after(3)
            self.on_master("CONFIG", "SET", "maxmemory", 0)
        self.sell_through(fault)

    def on_master(self, *command):
        def said():
            try:
                self.whole.redis.say(self.whole.redis.master(), *command)
                return True
            except RedisError:
                return False
        self.eventually(said)

    # --- the database
    def test_database_primary_is_killed_and_its_standby_promoted(self):
        old = self.whole.database.primary()

        def fault():
            self.whole.kill("postgres-primary")
            self.eventually(lambda: self.whole.database.primary() is not old, 30)
            self.whole.start(old.name)
        self.sell_through(fault)


class RedisCluster(SaleTest):
    """Three masters with a replica each; products are in slots of all of them."""
    made_of = {"redis": "cluster", "gateways": 2, "workers": 2}

    def test_a_master_is_killed_and_its_replica_takes_over(self):
        def fault():
            (dead,) = self.whole.kill("redis-master")
            self.eventually(lambda: len(self.masters()) == 3)
            self.whole.start(dead.name)
        self.sell_through(fault, products=3)

    def test_all_of_it_is_killed_and_comes_back(self):
        def fault():
            self.whole.kill("redis")
            after(1)
            self.whole.start("redis")
            self.eventually(lambda: len(self.masters()) == 3)
        self.sell_through(fault, products=3)

    def test_everything_in_it_is_flushed(self):
        def fault():
            for master in self.masters():
                self.whole.redis.say(master, "FLUSHALL")
        self.sell_through(fault, products=3)

    def masters(self):
        return [s for s in self.whole.redis.servers if s.is_alive() and self.whole.redis.info(s).get("role") == "master"]


class RollingRestart(ClusterTest):
    def test_no_request_fails(self):
        whole = self.cluster(more=SETTINGS)
        shop = Shop(whole).open()
        product = shop.product()
        crowd = Crowd(shop, product, seconds=25)
        after(2)
        for gateway in whole.store.of("gateway"):
            whole.stop(gateway.name)
            whole.start(gateway.name)
            shop_sees = f"HAProxy lets {gateway.name} sell again"
            self.eventually(lambda g=gateway: whole.balancer.states().get(g.name, "").startswith("UP"), 20, shop_sees)
        result = crowd.result()
        self.assertEqual(({}, {}), (result["errors_by_kind"], result["refused"]), "no request failed")
        check(self, shop, product, [result])


if __name__ == "__main__":
    unittest.main(verbosity=2)
