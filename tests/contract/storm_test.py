"""A crowd in the same second: not one unit too many, not one too few, one order per key, and a history that adds up."""
import json
import random
import time
import unittest
from collections import defaultdict

import shop
from shop import in_parallel
from wire import Answer, request_bytes, wait_until


class Shot:
    """One buy: what was asked, when, and what came back."""
    __slots__ = ("token", "key", "quantity", "sent", "heard", "answer")

    def __init__(self, token, key, quantity):
        self.token, self.key, self.quantity = token, key, quantity
        self.sent = self.heard = self.answer = None

    @property
    def won(self):
        return self.answer.status == 200

    @property
    def sequence(self):
        return self.answer.data["sequence"] if self.won else self.answer.json()["sequence"]

    @property
    def replayed(self):
        return self.answer.header("Idempotent-Replayed") == "true"


def fire(server, thing, shots, threads=16, pipeline=6):
    """Sends the shots by many connections at once, several in one write."""
    def run(i):
        mine = shots[i::threads]
        with server.connect(patience=30) as c:
            for begin in range(0, len(mine), pipeline):
                batch = mine[begin:begin + pipeline]
                data = b"".join(request_bytes("POST", "/api/flash-buy", {"product_id": thing, "quantity": s.quantity},
                                              token=s.token, key=s.key) for s in batch)
                sent = time.monotonic()
                c.send(data)
                for s in batch:
                    s.sent, s.answer, s.heard = sent, c.read_answer(), time.monotonic()
    in_parallel(threads, run)
    return shots


def check_history(shots, stock):
    """Replays all answers in the ledger's order: each must be what a shop with so much stock would have said.
    Returns the orders, by id. Sequences make this the whole proof of linearizability (no search is needed)."""
    firsts = {s.answer.data["order_id"]: s for s in shots if s.won and not s.replayed}
    sold_at = sorted((s.sequence, s.quantity) for s in firsts.values())
    assert len(sold_at) == len({sequence for sequence, _ in sold_at}), "two orders have one place"
    steps = sorted([(sequence, 0, q) for sequence, q in sold_at] + [(s.sequence, 1, s.quantity) for s in shots if not s.won])
    left = stock
    for sequence, is_refusal, quantity in steps:
        if is_refusal:
            assert left < quantity, f"refused at {sequence} while {left} were left"
        else:
            left -= quantity
        assert left >= 0, f"oversold at {sequence}"
    # Real time: what began after an answer was heard stands behind it in the ledger's order.
    heard = sorted((s.heard, s.sequence) for s in firsts.values())
    newest, i = 0, 0
    for s in sorted((s for s in shots if not (s.won and s.replayed)), key=lambda s: s.sent):
        while i < len(heard) and heard[i][0] < s.sent:
            newest, i = max(newest, heard[i][1]), i + 1
        assert s.sequence >= newest + (1 if s.won else 0), "an answer came from the past"
    return firsts


class Checker(unittest.TestCase):
    """The checker itself: it accepts a right history and no wrong one."""

    def history(self):
        """Stock 5: 3 and 2 are sold, then one is refused."""
        return [self.shot(1.0, 1.1, 3, 7), self.shot(1.2, 1.3, 2, 9), self.shot(1.4, 1.5, 1, 9, won=False)]

    def shot(self, sent, heard, quantity, sequence, won=True):
        s = Shot("token", None, quantity)
        s.sent, s.heard = sent, heard
        if won:
            body = {"data": {"order_id": str(sequence) + str(sent), "sequence": sequence}}
        else:
            body = {"code": "out_of_stock", "sequence": sequence}
        s.answer = Answer(200 if won else 400, [], json.dumps(body).encode())
        return s

    def test_a_right_history(self):
        self.assertEqual(2, len(check_history(self.history(), 5)))

    def test_wrong_histories(self):
        shot = self.shot
        wrong = {
            "oversold": (self.history(), 4),
            "refused too early": (self.history(), 6),
            "refused before the last was sold": (self.history()[:2] + [shot(1.4, 1.5, 2, 8, won=False)], 5),
            "two orders in one place": (self.history()[:1] + [shot(1.2, 1.3, 1, 7)], 5),
            "swapped in time": ([shot(1.0, 1.1, 3, 9), shot(1.2, 1.3, 2, 7)], 5),
            "a stale refusal": (self.history()[:2] + [shot(1.4, 1.5, 5, 7, won=False)], 5),
            "granted twice": (self.history() + [shot(1.6, 1.7, 3, 11)], 5),
        }
        for name, (shots, stock) in wrong.items():
            with self.subTest(history=name), self.assertRaises(AssertionError):
                check_history(shots, stock)


class Storm(shop.ShopTest):
    settings = {"PAYMENT": "simulated:?latency=100ms&decline=0%"}

    def counters(self):
        """Metrics and statistics that must agree with what clients saw."""
        metrics = self.shop.metrics()
        buys = {name.split('"')[1]: value for name, value in metrics.items() if name.startswith("scalemart_buys_total{")}
        return defaultdict(float, buys), self.shop.admin.get("/api/admin/stats").data

    def test_300_buyers_for_100_units(self):
        rng = shop.seeded("storm")
        tokens, stock = self.shop.seeds(300), 100
        thing = self.shop.product(total=stock)
        metrics_before, stats_before = self.counters()
        shots = [Shot(token, f"key-{i}", rng.choice((1, 1, 1, 2, 3, 5, 10))) for token in tokens for i in range(3)]
        duplicates = [Shot(s.token, s.key, s.quantity) for s in rng.sample(shots, len(shots) * 3 // 10)]
        shots += duplicates
        rng.shuffle(shots)
        fire(self.shop, thing, shots)
        # Whoever still wants one gets one, until there is none.
        for token in tokens:
            last = fire(self.shop, thing, [Shot(token, "last", 1)], threads=1)[0]
            shots.append(last)
            if not last.won:
                break
        self.assertTrue({s.answer.status for s in shots} <= {200, 400}, {s.answer.status for s in shots})
        firsts = check_history(shots, stock)
        self.assertEqual(stock, sum(s.quantity for s in firsts.values()), "exactly the stock is sold")

        by_key = defaultdict(list)
        for s in shots:
            by_key[s.token, s.key].append(s)
        for same in by_key.values():
            wins = [s for s in same if s.won]
            if not wins:
                self.assertEqual({("out_of_stock", "Out of stock!")}, {(s.answer.code, s.answer.json()["detail"]) for s in same})
                continue
            self.assertEqual(len(same), len(wins), "one key was accepted and refused")
            self.assertEqual(1, len({str(s.answer.data) for s in wins}), "one key, two orders")
            self.assertEqual(len(wins) - 1, sum(s.replayed for s in wins), "all but the first are replays")
        replays = sum(s.replayed for s in shots)
        self.assertGreater(replays, 0)

        wait_until(lambda: self.shop.stock(thing) == (0, 0, stock, stock), what="all are confirmed")
        for s in rng.sample(list(firsts.values()), min(25, len(firsts))):
            order = self.shop.get(f"/api/orders/{s.answer.data['order_id']}", token=s.token).data
            self.assertEqual(("confirmed", s.quantity), (order["status"], order["quantity"]))
        refused = [s for s in shots if not s.won]
        for s in rng.sample(refused, 25):
            self.assertEqual(404, self.shop.get(f"/api/orders/by-key/{s.key}", token=s.token).status)
        report = self.shop.verify()
        self.assertEqual((True, 0), (report["ok"], report["drift"]))

        metrics, stats = self.counters()
        grown = {name: metrics[name] - metrics_before[name] for name in metrics if metrics[name] != metrics_before[name]}
        self.assertEqual({"done": len(firsts), "replayed": replays, "out_of_stock": len(refused)},
                         {name.replace("accepted", "done"): count for name, count in grown.items()})
        self.assertEqual(len(firsts), stats["accepted"] - stats_before["accepted"])
        self.assertEqual(len(refused), stats["refused"]["out_of_stock"] - stats_before["refused"].get("out_of_stock", 0))
        wait_until(lambda: self.shop.admin.get("/api/admin/stats").data["confirmed"] - stats_before["confirmed"] == len(firsts))
        self.assertEqual(0, stats["drift"])
        units = {state: value for name, value in self.shop.metrics().items() for state in ("available", "held", "sold")
                 if name.startswith("scalemart_stock_units{") and thing in name and f'"{state}"' in name}
        self.assertEqual({"available": 0, "held": 0, "sold": stock}, units)
        self.assertEqual(0, self.shop.metrics()["scalemart_ledger_drift_units"])

    def test_large_orders_do_not_starve_small_ones(self):
        """Stock 3, a thousand who want 5 and a hundred who want 1: three of the hundred win, none is refused too early."""
        rng = shop.seeded("starving")
        tokens = self.shop.seeds(110)
        thing = self.shop.product(total=3)
        shots = [Shot(tokens[i % 110], None, 5) for i in range(1000)] + [Shot(tokens[i], None, 1) for i in range(100)]
        rng.shuffle(shots)
        fire(self.shop, thing, shots)
        firsts = check_history(shots, 3)
        self.assertEqual([1, 1, 1], [s.quantity for s in firsts.values()])

    def test_a_cap_holds_against_parallel_sessions(self):
        first = self.shop.register()
        sessions = [first.token] + [self.shop.login(first.email, shop.BUYER_PASSWORD).token for _ in range(3)]
        thing = self.shop.product(total=1000, per_user_limit=5)
        rng = shop.seeded("cap")
        shots = [Shot(rng.choice(sessions), f"cap-{i}", rng.choice((1, 2, 3))) for i in range(200)]
        fire(self.shop, thing, shots)
        has = sum(s.quantity for s in shots if s.won)
        self.assertLessEqual(has, 5)
        while has < 5:
            self.assertEqual(200, first.buy(thing, 1).status)
            has += 1
        self.assertError(first.buy(thing, 1), 409, "purchase_limit")
        self.assertEqual({"purchase_limit"}, {s.answer.code for s in shots if not s.won})
        self.assertEqual(5, 1000 - self.shop.stock(thing)[0])

    def test_one_key_by_a_hundred_connections_is_one_order(self):
        buyer, thing = self.shop.register(), self.shop.product(total=1000)
        shots = fire(self.shop, thing, [Shot(buyer.token, "same", 2) for _ in range(400)], threads=40, pipeline=3)
        self.assertEqual(1, len({str(s.answer.data) for s in shots}))
        self.assertEqual(399, sum(s.replayed for s in shots))
        self.assertEqual(998, self.shop.stock(thing)[0])
        self.assertEqual(1, len(buyer.get("/api/orders").data))

    def test_buys_cancels_and_restocks_together_conserve_the_stock(self):
        rng = shop.seeded("mixed")
        tokens, thing = self.shop.seeds(40), self.shop.product(total=60)
        seeds = [rng.getrandbits(32) for _ in range(12)]
        admin = self.shop.admin.token

        def run(i):
            own = random.Random(seeds[i])
            with self.shop.connect() as c:
                for _ in range(40):
                    token = tokens[own.randrange(len(tokens))]
                    answer = c.request("POST", "/api/flash-buy", {"product_id": thing, "quantity": own.randint(1, 4)}, token=token)
                    if answer.status == 200 and own.random() < 0.5:
                        c.request("POST", f"/api/orders/{answer.data['order_id']}/cancel", token=token)
                    if own.random() < 0.1:
                        c.request("POST", f"/api/admin/products/{thing}/stock", {"delta": own.choice((-2, 1, 3)), "reason": "m"},
                                  token=admin)
                    p = c.request("GET", f"/api/products/{thing}").data
                    if p["available"] + p["held"] + p["sold"] != p["total"] or min(p["available"], p["held"], p["sold"]) < 0:
                        raise AssertionError(p)
        in_parallel(12, run)
        wait_until(lambda: self.shop.stock(thing)[1] == 0, what="nothing is held any more")
        available, _, sold, total = self.assertConserved(thing)
        orders = [o for t in tokens for o in self.shop.get("/api/orders?limit=100", token=t).data if o["product_id"] == thing]
        self.assertEqual(sold, sum(o["quantity"] for o in orders if o["status"] == "confirmed"))
        self.assertEqual({"confirmed", "cancelled"}, {o["status"] for o in orders})
        self.assertEqual((True, 0), ((r := self.shop.verify())["ok"], r["drift"]))


if __name__ == "__main__":
    shop.main()
