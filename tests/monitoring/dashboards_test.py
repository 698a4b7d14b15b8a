"""Every query of deploy/grafana, asked of a real Prometheus that scrapes a shop with traffic, must have an answer."""
import os
import threading
import time
import unittest

import yaml

from watch import DEPLOY, PATIENCE, Prometheus, need, read, shop, wait_until
from dashboards import DASHBOARDS, SHARED_ONLY, queries
import fleet


class Traffic:
    """Buyers that buy, ask and are refused, at all gateways in turn, until the block ends."""

    def __init__(self, gateways):
        self.gateways, self.ended, self.problem = gateways, threading.Event(), None
        first = gateways[0]
        self.things = [first.product(total=100_000, per_user_limit=1000), first.product(total=3)]
        self.buyers = [first.register() for _ in range(3)]
        for gateway in gateways:
            wait_until(lambda g=gateway: all(g.get(f"/api/products/{t}").status == 200 for t in self.things), what="all know it")
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            turn = 0
            while not self.ended.is_set():
                buyer, gateway = self.buyers[turn % 3], self.gateways[turn % len(self.gateways)]
                answer = gateway.post("/api/flash-buy", {"product_id": self.things[turn % 7 == 0]}, token=buyer.token)
                assert answer.status in (200, 400, 409), answer
                gateway.get("/api/products")
                turn += 1
                time.sleep(0.02)
        except BaseException as problem:  # pylint: disable=broad-except
            self.problem = problem

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        assert self.problem is None, self.problem


class Files(unittest.TestCase):
    def test_panels_have_their_own_ids_and_places(self):
        self.assertEqual(3, len({d["uid"] for d in DASHBOARDS.values()}))
        for name, dashboard in DASHBOARDS.items():
            panels = dashboard["panels"]
            self.assertEqual(len(panels), len({p["id"] for p in panels}), name)
            taken = set()
            for panel in panels:
                at = panel["gridPos"]
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
                self.assertLessEqual(at["x"] + at["w"], 24)
                self.assertFalse(taken & cells, f"{name}: {panel['title']} lies on another")
                taken |= cells
                for target in panel["targets"]:
                    self.assertEqual("${datasource}", target["datasource"]["uid"], "goes with any Prometheus")

    def test_provisioning_is_yaml(self):
        source = yaml.safe_load(read(DEPLOY, "grafana", "provisioning", "datasources", "scalemart.yml"))
        self.assertEqual("prometheus", source["datasources"][0]["type"])
        provider = yaml.safe_load(read(DEPLOY, "grafana", "provisioning", "dashboards", "scalemart.yml"))
        self.assertTrue(provider["providers"][0]["options"]["path"].endswith("/grafana/dashboards"))


class Queries(unittest.TestCase):
    def assert_all_answer(self, prometheus, wanted):
        """Each must answer; what needs a window to fill is asked again for a while."""
        open_queries = list(wanted)
        self.assertGreater(len(open_queries), 0)

        def all_answered():
            open_queries[:] = [(where, query) for where, query in open_queries if not prometheus.ask(query)]
            return not open_queries
        wait_until(all_answered, 2 * PATIENCE, every=0.5, what=lambda: f"no data for {open_queries}")

    def test_a_shop_on_one_machine(self):
        one = shop.Shop(PAYMENT="simulated:?latency=20ms&decline=10%&error=10%", RATE_LIMIT_FLASH_BUY="1000/60s")
        self.addCleanup(one.close)
        prometheus = Prometheus({"scalemart": [one.port]})
        self.addCleanup(prometheus.close)
        with Traffic([one]):
            self.assert_all_answer(prometheus, [(w, q) for w, q in queries() if SHARED_ONLY not in q])
            for _, query in queries():
                if SHARED_ONLY in query:
                    self.assertEqual([], prometheus.ask(query), "else it is not only a shared shop's")
            self.annotations(prometheus)
            self.variables(prometheus)

    def annotations(self, prometheus):
        for dashboard in DASHBOARDS.values():
            for note in dashboard["annotations"]["list"]:
                prometheus.ask(note["expr"].replace("$__rate_interval", "20s"))  # valid; there need be none

    def variables(self, prometheus):
        for dashboard in DASHBOARDS.values():
            for variable in dashboard["templating"]["list"]:
                if variable["type"] == "query":
                    inner = variable["definition"].removeprefix("label_values(").removesuffix(")")
                    series, label = inner.rsplit(", ", 1)
                    self.assertTrue(all(label in labels for labels, _ in prometheus.ask(series)))

    def test_a_shared_shop(self):
        if fleet.redis_server.program() is None or fleet.postgresql_server.programs() is None:
            self.assertNotEqual("1", os.environ.get("SCALEMART_REQUIRE_ALL"), "postgresql and redis-server are needed")
            self.skipTest("PostgreSQL and Redis are needed")
        shared = fleet.Fleet()
        self.addCleanup(shared.close)
        gateways = [shared.gateway() for _ in range(2)]
        prometheus = Prometheus({"scalemart": [g.port for g in gateways]})
        self.addCleanup(prometheus.close)
        with Traffic(gateways):
            self.assert_all_answer(prometheus, queries())
        gateways[0].pause_queue()
        for state in ("available", "held", "sold"):
            wait_until(lambda s=state: self.stock(prometheus, s) == self.told(gateways[0], s), what="stock is counted once, not once a gateway")

    @staticmethod
    def stock(prometheus, state):
        return {labels["product"]: value for labels, value in prometheus.ask(f'scalemart:stock_units:max{{state="{state}"}}')}

    @staticmethod
    def told(gateway, state):
        return {p["id"]: p[state] for p in gateway.get("/api/products").data}


if __name__ == "__main__":
    need("prometheus", "promtool")
    shop.main()
