"""A shop of several processes over a server of MongoDB's protocol: sold out exactly, settled once, whatever dies."""
import json
import signal
import subprocess
import threading

import fleet
import ferretdb_server
import shop
from wire import Closed, wait_until


class OverMongodb(fleet.FleetTest):
    settings = {"WORKERS": 1}
    members = ("left",)
    database = ferretdb_server.FerretServer

    def crowd(self, thing, tokens, gateways):
        """Who buys one each, all at once; their orders."""
        orders, refused, lock = [], [], threading.Lock()

        def some(first):
            for number in range(first, len(tokens), 8):
                answer = gateways[number % len(gateways)].post("/api/flash-buy", {"product_id": thing}, token=tokens[number])
                with lock:
                    if answer.status == 200:
                        orders.append((tokens[number], answer.data["order_id"]))
                    else:
                        refused.append((answer.status, answer.code))
        threads = [threading.Thread(target=some, args=(first,)) for first in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return orders, refused

    def assert_confirmed(self, thing, orders, gateways):
        for gateway in gateways:
            wait_until(lambda g=gateway: g.stock(thing) == (0, 0, len(orders), len(orders)), 120,
                       what=lambda g=gateway: f"all are sold: {g.stock(thing)}")
        for number, (token, order) in enumerate(orders):
            seen = self.ask(gateways[number % len(gateways)], "GET", f"/api/orders/{order}", token)
            self.assertEqual("confirmed", seen["status"])
        report = gateways[0].verify()
        self.assertEqual((True, 0), (report["ok"], report["drift"]), report)

    def test_a_crowd_at_both_gateways_gets_exactly_the_stock(self):
        thing, tokens = self.shop.product(total=60), self.shop.seeds(90)
        wait_until(lambda: self.gateways[1].get(f"/api/products/{thing}").status == 200, what="the other one knows it")
        orders, refused = self.crowd(thing, tokens, self.gateways)
        self.assertEqual(60, len(orders))
        self.assertEqual({(400, "out_of_stock")}, set(refused))
        self.assert_confirmed(thing, orders, self.gateways)

    def test_the_console_finds_the_orders_and_their_sums(self):
        self.assert_settled_once(self.buy(8))
        found = self.ask(self.gateways[1], "GET", f"/api/admin/orders?product_id={self.thing}", self.shop.admin.token)
        self.assertEqual(8, len(found), found)

    def test_a_gateway_that_is_killed_while_it_sells_loses_nothing(self):
        doomed = self.fleet.gateway()
        thing, tokens = self.shop.product(total=40), self.shop.seeds(60)
        wait_until(lambda: doomed.get(f"/api/products/{thing}").status == 200, what="it knows it")
        answered = []

        def sell():
            for token in tokens[:30]:
                try:
                    answer = doomed.post("/api/flash-buy", {"product_id": thing}, token=token)
                except (OSError, Closed):
                    return
                if answer.status == 200:
                    answered.append((token, answer.data["order_id"]))
        seller = threading.Thread(target=sell)
        seller.start()
        wait_until(lambda: len(answered) >= 5, what="it sells")
        doomed.kill()
        seller.join()
        orders, _ = self.crowd(thing, tokens, self.gateways)
        for gateway in self.gateways:
            wait_until(lambda g=gateway: g.stock(thing) == (0, 0, 40, 40), 120, what=lambda g=gateway: g.stock(thing))
        for token, order in answered + orders:
            self.assertEqual("confirmed", self.ask(self.shop, "GET", f"/api/orders/{order}", token)["status"])
        report = self.shop.verify()
        self.assertEqual((True, 0), (report["ok"], report["drift"]), report)


class Refused(fleet.FleetTest):
    database = ferretdb_server.FerretServer

    def run_with(self, *arguments, **settings):
        gateway = self.fleet.gateways[0]
        environment = {**gateway.environment(), **{f"SCALEMART_{name}": value for name, value in settings.items()}}
        return subprocess.run([shop.BINARY, *arguments], env=environment, cwd=gateway.root, capture_output=True, text=True, timeout=60,
                              check=False)

    def refusal(self, **settings):
        done = self.run_with("serve", **settings)
        self.assertEqual(shop.EXIT_CANNOT_RUN, done.returncode, done)
        return done.stderr + done.stdout

    def findings(self, **settings):
        done = self.run_with("doctor", "--json", **settings)
        return {each["check"]: (each["verdict"], each["detail"]) for each in json.loads(done.stdout)["checks"]}

    def test_the_doctor_looks_at_it(self):
        self.shop.product(total=1)
        found = self.findings()
        self.assertRegex(found["database"][1], r"^MongoDB \d.* answers in \d")
        for check in ("database", "database_server", "database_copies", "database_tables"):
            self.assertEqual("good", found[check][0], found[check])
        self.assertRegex(found["database_commit"][1], r"^median \d")
        self.assertEqual("bad", self.findings(DATABASE_COPIES="2")["database_copies"][0])
        verdict, line = self.findings(DATABASE="mongodb://127.0.0.1:1/")["database"]
        self.assertEqual("bad", verdict)
        self.assertIn("SCALEMART_DATABASE: MongoDB: No suitable servers", line)

    def test_a_server_that_cannot_be_used_stops_the_start_with_a_line(self):
        self.gateways[0].stop(signal.SIGTERM)
        try:
            self.assertIn("stands alone", self.refusal(DATABASE_COPIES="2"))
            self.assertIn("SCALEMART_DATABASE: MongoDB: No suitable servers", self.refusal(DATABASE="mongodb://127.0.0.1:1/"))
        finally:
            self.gateways[0].start(60)


if __name__ == "__main__":
    fleet.main(mongodb=True)
