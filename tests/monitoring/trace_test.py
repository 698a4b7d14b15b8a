"""A caller's trace goes from the buy through the queue to the step that takes the money, in the server and in a process of its own."""
import json
import os
import time

from watch import shop, skip, wait_until
from worker import Worker
try:
    from log_lines import faults
except ImportError:
    skip("python3-jsonschema is needed")

CALLER, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def own_trace(order):
    """The 16 bytes of an order's id, in hexadecimal."""
    number = 0
    for letter in order:
        number = number * 32 + CROCKFORD.index(letter)
    return f"{number:032x}"


def lines(text, event, order):
    found = [json.loads(line) for line in text.splitlines() if order in line]
    return [line for line in found if line["event"] == event]


class TraceTest(shop.ShopTest):
    @classmethod
    def tearDownClass(cls):
        text = cls.shop.log_tail(1 << 22)
        super().tearDownClass()
        assert not faults(text), faults(text)

    def buy(self, of, **headers):
        """The order's id and the request's."""
        answer = of.post("/api/flash-buy", {"product_id": of.product()}, token=of.register().token, headers=headers)
        self.assertEqual(200, answer.status, answer)
        return answer.data["order_id"], answer.header("X-Request-Id")

    def line(self, of, event, order, **wanted):
        def found():
            return [line for line in lines(of(), event, order) if all(line.get(k) == v for k, v in wanted.items())]
        return wait_until(found, what=lambda: f"{event} {wanted}: {lines(of(), event, order)}")[0]


class Server(TraceTest):
    settings = {"LOG": "debug"}

    def text(self):
        return self.shop.log_tail(1 << 22)

    def test_a_callers_trace_reaches_the_payment(self):
        order, request = self.buy(self.shop, traceparent=f"00-{CALLER}-{PARENT}-01")
        accepted = self.line(self.text, "order_accepted", order)
        self.assertEqual(("info", request, CALLER, PARENT, own_trace(order)),
                         tuple(accepted[n] for n in ("level", "request_id", "trace_id", "parent_id", "order_trace_id")))
        steps = [self.line(self.text, "step_ended", order, step=step, result="done") for step in ("payment", "confirm", "invoice", "mail")]
        self.assertEqual({CALLER}, {step["trace_id"] for step in steps})
        self.assertEqual(4, len({step["span_id"] for step in steps} - {PARENT}))

    def test_a_caller_that_keeps_nothing_is_followed_and_not_told_of(self):
        order, _ = self.buy(self.shop, traceparent=f"00-{CALLER}-{PARENT}-00")
        self.assertEqual("debug", self.line(self.text, "order_accepted", order)["level"])
        self.assertEqual(CALLER, self.line(self.text, "step_ended", order, step="payment")["trace_id"])

    def test_without_one_the_order_has_a_trace_of_its_own(self):
        for headers in ({}, {"traceparent": f"00-{CALLER.upper()}-{PARENT}-01"}, {"traceparent": "nonsense"}):
            with self.subTest(headers=headers):
                order, request = self.buy(self.shop, **headers)
                accepted = self.line(self.text, "order_accepted", order)
                self.assertEqual(("debug", request, own_trace(order)), (accepted["level"], accepted["request_id"], accepted["trace_id"]))
                self.assertEqual(own_trace(order), self.line(self.text, "step_ended", order, step="payment")["trace_id"])


class Elsewhere(TraceTest):
    settings = {"WORKERS": 0}

    def test_a_worker_of_its_own_gets_it_and_a_restart_forgets_it(self):
        first, _ = self.buy(self.shop, traceparent=f"00-{CALLER}-{PARENT}-01")
        worker = Worker(self.shop, "far-" + os.urandom(3).hex(), LOG="debug").wait_until_there()
        self.addCleanup(worker.stop)
        self.assertEqual(CALLER, self.line(worker.text, "step_ended", first, step="payment")["trace_id"])
        self.shop.pause_queue()
        second, _ = self.buy(self.shop, traceparent=f"00-{CALLER}-{PARENT}-01")
        self.shop.kill()
        self.shop.start()
        self.shop.resume_queue()
        self.assertEqual(own_trace(second), self.line(worker.text, "step_ended", second, step="payment")["trace_id"])
        accepted = self.line(lambda: self.shop.log_tail(1 << 22), "order_accepted", second)
        self.assertEqual((CALLER, own_trace(second)), (accepted["trace_id"], accepted["order_trace_id"]))

    def test_the_crowd_makes_no_line(self):
        order, _ = self.buy(self.shop)
        time.sleep(0.2)
        self.assertNotIn(order, self.shop.log_tail(1 << 22))


if __name__ == "__main__":
    shop.main()
