"""`scalemart worker` as an operator runs it: a process of its own beside a shop."""
import collections
import json
import os
import signal
import subprocess

import shop
from wire import wait_until


class Worker:
    """Started at once, on the shop's data folder, with the shop's settings and those given here."""

    def __init__(self, of, name, *arguments, **settings):
        self.shop, self.name = of, name
        self.log_path = os.path.join(of.root, f"{name}.log")
        env = of.environment()
        env.update({"SCALEMART_" + n: str(v) for n, v in settings.items()})
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([shop.BINARY, "worker", "--name", name, *arguments], env=env, cwd=of.root,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)

    def text(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def events(self):
        """How often each event stands in its log."""
        lines = [line for line in self.text().splitlines() if line.startswith("{")]
        return collections.Counter(json.loads(line)["event"] for line in lines)

    def view(self):
        """As the console shows it, or None."""
        return next((w for w in self.shop.admin.get("/api/admin/workers").data if w["id"] == self.name), None)

    def wait_until_there(self):
        wait_until(lambda: self.process.poll() is not None or self.view(), what=lambda: f"{self.name} joins: {self.text()}")
        assert self.process.poll() is None, self.text()
        return self

    def send(self, sig):
        self.process.send_signal(sig)

    def wait(self, patience=20):
        return self.process.wait(patience)

    def stop(self, sig=signal.SIGTERM):
        if self.process.poll() is None:
            self.send(sig)
            if sig == signal.SIGTERM:
                self.send(signal.SIGCONT)
        return self.wait()


class WorkersTest(shop.ShopTest):
    """A shop without workers of its own, and a bank whose book all processes share."""
    settings = {"WORKERS": 0}
    latency = "300ms"

    @classmethod
    def setUpClass(cls):
        cls.shop = shop.Shop(start=False, **cls.settings)
        cls.shop.configure(PAYMENT=cls.bank(cls.latency))
        cls.shop.start()
        cls.buyers = [cls.shop.register() for _ in range(4)]

    @classmethod
    def bank(cls, latency):
        cls.book = os.path.join(cls.shop.root, "bank.txt")
        return f"simulated:?latency={latency}&book={cls.book}"

    def worker(self, name, *arguments, **settings):
        made = Worker(self.shop, name, *arguments, **settings)
        self.addCleanup(made.stop)
        return made

    def buy(self, count):
        """So many orders, of so many units of a new product."""
        self.thing = self.shop.product(total=count)
        orders = [self.buyers[i % 4].buy(self.thing) for i in range(count)]
        self.assertEqual({200}, {answer.status for answer in orders})
        return [answer.data["order_id"] for answer in orders]

    def papers(self, kind):
        """The orders that have an invoice, or a mail."""
        files = [name for _, _, names in os.walk(os.path.join(self.shop.folder, kind)) for name in names]
        return {name[:26] for name in files if len(name) == 30}

    def assert_settled_once(self, orders):
        for i, order in enumerate(orders):
            wait_until(lambda b=self.buyers[i % 4], o=order: b.order(o)["status"] not in ("pending", "processing"), 60,
                       what=f"{order} is settled")
        for kind in ("invoices", "mail"):
            wait_until(lambda k=kind: self.papers(k) >= set(orders), 60, what=f"all have {kind}")
        for i, order in enumerate(orders):
            seen = self.buyers[i % 4].order(order)
            told = [change["status"] for change in seen["history"]]
            self.assertEqual(("confirmed", 1, 1), (seen["status"], told.count("processing"), told.count("confirmed")))
        with open(self.book, encoding="ascii") as file:
            charged = collections.Counter(file.read().split("\n"))
        self.assertEqual({1}, {charged[f"charged {order}"] for order in orders}, "each is charged once")
        self.assertEqual((0, 0, len(orders), len(orders)), self.shop.stock(self.thing))
        self.assertEqual(0, self.shop.verify()["drift"])

    def in_flight(self, worker):
        return wait_until(lambda: (v := worker.view()) and v["in_flight"], what=f"{worker.name} has orders in hand")
