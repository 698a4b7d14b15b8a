"""Buyers who write down every yes, and what the database says afterwards: order by order, past the program.

They buy a product of which there is little, each intention under a key of its own, and ask again under the same key until the answer is
definite. So in the end the orders in the database are exactly those that somebody was told of, and as many as there were units.
"""
import http.client
import json
import threading
import time
import uuid

from cluster.machine import wait_until
from sale import records

UNITS = 100
THREADS = 4
EVERY = 0.2  # seconds between two buys of one thread: sold out in five seconds, if nothing is in the way
PATIENCE = 60  # seconds for one definite answer
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def as_uuid(order):
    """An order's number as the database keeps it."""
    number = 0
    for letter in order:
        number = number * 32 + CROCKFORD.index(letter)
    return str(uuid.UUID(int=number))


class Witnesses:
    def __init__(self, shop, units=UNITS):
        self.shop, self.units, self.product = shop, units, shop.product(units)
        self.told, self.surprises = [], []
        self._lock, self._end = threading.Lock(), threading.Event()
        with open(shop.tokens, encoding="ascii") as file:
            self._buyers = file.read().split()[::-1]  # a crowd begins at the other end
        self._threads = [threading.Thread(target=self._buy_on, daemon=True) for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def _buy_on(self):
        while not self._end.wait(EVERY):
            self.buy()

    def buy(self):
        """One intention, to a definite answer."""
        with self._lock:
            token, key = self._buyers.pop(), str(uuid.uuid4())
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            status, answer = self._ask(token, key)
            if status == 200:
                with self._lock:
                    self.told.append(as_uuid(answer["data"]["order_id"]))
                return
            if status == 400 and answer.get("code") == "out_of_stock":
                return
            if status is not None and status != 429 and status < 500:
                break
            time.sleep(1)
        with self._lock:
            self.surprises.append((key, status, answer))

    def _ask(self, token, key):
        """None: no answer."""
        connection = http.client.HTTPConnection(self.shop.url.removeprefix("http://"), timeout=12)
        try:
            connection.request("POST", "/api/flash-buy", json.dumps({"product_id": self.product}),
                               {"Content-Type": "application/json", "Authorization": "Bearer " + token, "Idempotency-Key": key})
            answer = connection.getresponse()
            text = answer.read()
            try:
                return answer.status, json.loads(text)
            except ValueError:
                return answer.status, {}  # HAProxy's own
        except (OSError, http.client.HTTPException) as why:
            return None, repr(why)
        finally:
            connection.close()

    def check(self, test):
        """After the fault is mended. Sells what is left, so that a unit that got stuck is seen too."""
        self._end.set()
        for thread in self._threads:
            thread.join(PATIENCE + 15)

        def are_sold():
            if records(self.shop, self.product).available:
                self.buy()
                return False
            return True
        wait_until(are_sold, PATIENCE, f"every unit of {self.product} can be sold", every=EVERY)
        wait_until(lambda: not records(self.shop, self.product).open, PATIENCE, f"every order of {self.product} is settled", every=EVERY)
        found = records(self.shop, self.product)
        test.assertEqual([], self.surprises)
        test.assertEqual(len(self.told), len(set(self.told)), "no order was told of twice")
        test.assertEqual(set(), set(self.told) - found.orders, "orders that were acknowledged and are lost")
        test.assertEqual(set(), found.orders - set(self.told), "orders that nobody was told of")
        test.assertEqual((self.units, self.units, 0, 0), (len(found.orders), found.sold, found.held, found.available))
        test.assertEqual(len(found.orders), found.confirmed)
