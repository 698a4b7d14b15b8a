"""When nothing is under way, the console, the command line and Prometheus say the same."""
import json
import unittest

from watch import Prometheus, need, shop, wait_until


class AtRest(shop.ShopTest):
    settings = {"PAYMENT": "simulated:?latency=5ms&decline=30%&reject=35%&seed=3", "RATE_LIMIT_FLASH_BUY": "5/600s,burst=30"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            cls.prometheus = Prometheus({"scalemart": [cls.shop.port]})
            cls.sale()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        if hasattr(cls, "prometheus"):
            cls.prometheus.close()
        super().tearDownClass()

    @classmethod
    def sale(cls):
        """Every kind of end: bought, declined, given up, sold out, repeated, too often, paused."""
        cls.things = [cls.shop.product(total=30, per_user_limit=100), cls.shop.product(total=2, per_user_limit=100)]
        buyers = [cls.shop.register() for _ in range(4)]
        answers = [buyers[i % 4].buy(cls.things[i % 5 == 0], key=f"key-{i // 8}") for i in range(160)]
        cls.too_often = sum(answer.status == 429 for answer in answers)
        paused = cls.shop.product()
        assert cls.shop.admin.post(f"/api/admin/products/{paused}/pause").status == 200
        assert cls.shop.register().buy(paused).status == 409

        def is_at_rest():
            stats = cls.stats()
            return stats["orders"]["processing"] == stats["dead_letters"] and stats["orders"]["pending"] == 0 and \
                stats["refused"].get("rate_limited") == cls.too_often and \
                all(stage["waiting"] + stage.get("working", 0) == 0 for stage in stats["queue"]["stages"])
        wait_until(is_at_rest, 30, what=lambda: json.dumps(cls.stats()))

    @classmethod
    def stats(cls):
        return cls.shop.admin.get("/api/admin/stats").data

    def told(self, query):
        """{label values: number}, without what is 0."""
        return {tuple(value for name, value in sorted(labels.items()) if name not in ("__name__", "job", "instance")): number
                for labels, number in self.prometheus.ask(query) if number}

    def assert_same(self, wanted, query):
        """As soon as the last scrape has seen the end of the sale."""
        wanted = {key if isinstance(key, tuple) else (key,): value for key, value in wanted.items() if value}
        wait_until(lambda: self.told(query) == wanted, what=lambda: f"{query}: {self.told(query)} is not {wanted}")

    def test_buys(self):
        stats = self.stats()
        self.assertGreater(stats["refused"]["out_of_stock"], 0, stats)
        self.assertGreater(stats["refused"]["rate_limited"], 0, stats)
        self.assertGreater(stats["refused"]["idempotency_conflict"], 0, stats)
        refused = {k: v for k, v in stats["refused"].items() if k != "rate_limited"}
        self.assert_same(refused, 'scalemart_buys_total{outcome!~"accepted|replayed"}')
        self.assert_same({"accepted": stats["accepted"]}, 'scalemart_buys_total{outcome="accepted"}')
        self.assert_same({"flash_buy": stats["refused"]["rate_limited"]}, 'scalemart_rate_limited_total{policy="flash_buy"}')
        self.assert_same({(): stats["refused_total"]}, 'sum(scalemart_buys_total{outcome!~"accepted|replayed"}) + on() scalemart_rate_limited_total{policy="flash_buy"}')

    def test_orders_and_steps(self):
        stats = self.stats()
        self.assertGreater(stats["orders"]["failed"], 0, "some are declined")
        self.assertGreater(stats["dead_letters"], 0, "some wait for a person")
        self.assert_same({"confirm": stats["confirmed"]}, 'sum by (stage) (scalemart_fulfilment_attempts_total{stage="confirm",result="done"})')
        self.assert_same({"declined": stats["orders"]["failed"]}, 'sum by (result) (scalemart_fulfilment_attempts_total{stage="payment",result="declined"})')
        self.assert_same({(): stats["dead_letters"]}, "scalemart_dead_letters")
        self.assert_same({}, "scalemart_ledger_drift_units")
        self.assertEqual(0, stats["drift"])

    def test_stock(self):
        wanted = {(p["id"], state): p[state] for p in self.stats()["products"] for state in ("available", "held", "sold")}
        self.assertEqual(3, len({product for product, _ in wanted}))
        self.assert_same(wanted, "scalemart_stock_units")

    def test_queue_and_workers(self):
        queue = self.shop.admin.get("/api/admin/queue").data
        self.assert_same({stage["stage"]: stage["waiting"] for stage in queue["stages"]}, 'scalemart_queue_depth{stage!="commit"}')
        workers = self.shop.admin.get("/api/admin/workers").data
        self.assert_same({"server": len(workers)}, "scalemart_workers")

    def test_the_command_line(self):
        printed = json.loads(self.shop.cli("stats", "--json").stdout)
        printed = printed.get("data", printed)
        stats = self.stats()
        for name in ("accepted", "confirmed", "orders", "refused", "refused_total", "revenue", "dead_letters", "drift", "sequence"):
            self.assertEqual(stats[name], printed[name], name)
        units = lambda told: {p["id"]: [p[state] for state in ("available", "held", "sold", "total", "state")] for p in told["products"]}
        self.assertEqual(units(stats), units(printed))

    def test_the_queue_from_a_terminal(self):
        queue = json.loads(self.shop.cli("queue", "list", "--json").stdout)
        for stage in queue["stages"]:
            self.assertEqual(0, stage["waiting"] + stage["delayed"] + stage["in_flight"], "nothing is under way")
        self.assert_same({stage["stage"]: stage["depth"] for stage in queue["stages"]}, 'scalemart_queue_depth{stage!="commit"}')
        self.assert_same({(): queue["dead_letters"]}, "scalemart_dead_letters")
        self.assertEqual(queue["dead_letters"], len(queue["letters"]) + queue["letters_remaining"])
        self.assert_same({"server": len(queue["workers"])}, "scalemart_workers")
        confirmed = sum(worker["confirmed"] for worker in queue["workers"])
        self.assert_same({(): confirmed}, 'sum(scalemart_fulfilment_attempts_total{stage="confirm",result="done"})')


if __name__ == "__main__":
    need("prometheus")
    shop.main()
