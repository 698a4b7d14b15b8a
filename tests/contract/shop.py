"""One shop as a stranger runs it: the real program, its own folder and port, nothing shared with other tests."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from wire import Closed, Connection, Events, wait_until

BINARY = os.environ.get("SCALEMART_BINARY", "")
ADMIN_EMAIL, ADMIN_PASSWORD = "owner@shop.test", "Kestrel-over-Ashdown-41"
BUYER_PASSWORD = "Marmalade-and-rain-77"
NO_LIMITS = {f"SCALEMART_RATE_LIMIT_{name}": "off" for name in ("FLASH_BUY", "LOGIN", "REGISTER", "DEFAULT")}
USUAL = {**NO_LIMITS, "SCALEMART_ADMIN_EMAIL": ADMIN_EMAIL, "SCALEMART_ADMIN_PASSWORD": ADMIN_PASSWORD,
         "SCALEMART_PAYMENT": "simulated:?latency=10ms&decline=0%"}
EXIT_DONE, EXIT_NO, EXIT_USAGE, EXIT_CANNOT_RUN = 0, 1, 2, 3


def seeded(name):
    """A generator whose seed is printed; SCALEMART_TEST_SEED repeats a run."""
    seed = int(os.environ.get("SCALEMART_TEST_SEED", time.time_ns() % 2**32))
    print(f"{name}: seed {seed} (SCALEMART_TEST_SEED={seed} repeats it)", file=sys.stderr, flush=True)
    return random.Random(seed)


def free_port():
    """Below the ephemeral range, so that no outgoing connection can take it meanwhile."""
    source = random.SystemRandom()
    for _ in range(200):
        port = source.randrange(12000, 32000)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port")


def at(seconds):
    """An instant so many seconds from now, RFC 3339."""
    ms = int((time.time() + seconds) * 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


def in_parallel(count, work):
    """Runs work(i) in so many threads that start together; their results. The first exception is raised."""
    start, results, problems = threading.Barrier(count), [None] * count, []

    def run(i):
        try:
            start.wait()
            results[i] = work(i)
        except BaseException as problem:  # pylint: disable=broad-except
            problems.append(problem)
    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    return results


class Buyer:
    """An account with its tokens."""

    def __init__(self, shop, email, session):
        self.shop, self.email = shop, email
        self.id = session["user"]["id"]
        self.token, self.refresh_token = session["access_token"], session.get("refresh_token")

    def get(self, path, **more):
        return self.shop.request("GET", path, token=self.token, **more)

    def post(self, path, body=None, **more):
        return self.shop.request("POST", path, body, token=self.token, **more)

    def send(self, method, path, body=None, **more):
        return self.shop.request(method, path, body, token=self.token, **more)

    def buy(self, product, quantity=None, key=None):
        body = {"product_id": product}
        if quantity is not None:
            body["quantity"] = quantity
        return self.post("/api/flash-buy", body, key=key)

    def order(self, order_id):
        return self.get(f"/api/orders/{order_id}").data

    def wait_for(self, order_id, *statuses):
        return wait_until(lambda: (o := self.order(order_id))["status"] in statuses and o,
                          what=f"order {order_id} is one of {statuses}")


class Shop:
    """`settings` are environment variables with or without SCALEMART_; None removes one of the usual ones."""

    def __init__(self, folder=None, port=None, start=True, **settings):
        self.root = tempfile.mkdtemp(prefix="scalemart-")
        self.folder = folder or os.path.join(self.root, "data")
        self.port = port or free_port()
        self.settings = dict(USUAL)
        self.configure(**settings)
        self.process, self._admin, self._local = None, None, threading.local()
        self.log_path = os.path.join(self.root, "stderr.log")
        if start:
            self.start()

    def configure(self, **settings):
        self.settings.update({n if n.startswith("SCALEMART_") else "SCALEMART_" + n: v for n, v in settings.items()})

    def environment(self):
        env = {n: v for n, v in os.environ.items() if not n.startswith("SCALEMART_")}
        env.update(SCALEMART_DATA=self.folder, SCALEMART_LISTEN=f"127.0.0.1:{self.port}")
        env.update({n: str(v) for n, v in self.settings.items() if v is not None})
        return env

    # --- the process -------------------------------------------------------------------------------
    def spawn(self):
        with open(self.log_path, "ab") as log:
            self.ended = False
            self.process = subprocess.Popen([BINARY, "serve"], env=self.environment(), cwd=self.root,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)

    def start(self, patience=20.0):
        self.spawn()
        wait_until(self.is_ready, patience, what=lambda: self.log_tail())
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
        try:
            with Connection(self.port) as c:
                return c.request("GET", "/readyz").status == 200
        except (ConnectionError, Closed):
            return False

    def stop(self, sig=signal.SIGTERM, patience=20.0):
        """Ends the process by its id; the exit code."""
        self.ended = True
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
        self.hang_up()
        return self.process.wait(patience)

    def hang_up(self):
        """Forgets the kept connections of all threads; closes this one's."""
        if connection := getattr(self._local, "connection", None):
            connection.close()
        self._local = threading.local()

    def kill(self):
        return self.stop(signal.SIGKILL)

    def restart(self, sig=signal.SIGTERM, **settings):
        self.stop(sig)
        self.configure(**settings)
        return self.start()

    def close(self):
        """Stops and removes everything; a server that had died, or does not stop cleanly, is a failure."""
        self.hang_up()
        died = self.process is not None and self.process.poll() is not None and not self.ended
        code = self.stop() if self.process and self.process.poll() is None else EXIT_DONE
        tail = self.log_tail()
        shutil.rmtree(self.root, ignore_errors=True)
        assert not died, f"the server had died with {self.process.returncode}:\n{tail}"
        assert code == 0, f"SIGTERM ended the server with {code}:\n{tail}"

    def log_tail(self, size=4000):
        try:
            with open(self.log_path, "rb") as log:
                return log.read()[-size:].decode(errors="replace")
        except OSError:
            return ""

    def logs(self):
        """All log lines so far; a line that is not JSON is a failure."""
        with open(self.log_path, "rb") as log:
            return [json.loads(line) for line in log.read().splitlines() if line.strip()]

    # --- asking ------------------------------------------------------------------------------------
    def connect(self, **more):
        return Connection(self.port, **more)

    def request(self, method, path, body=None, **more):
        """On this thread's kept connection."""
        for attempt in (0, 1):
            connection = getattr(self._local, "connection", None)
            fresh = connection is None
            if fresh:
                connection = self._local.connection = self.connect()
            try:
                answer = connection.request(method, path, body, **more)
            except (ConnectionError, Closed):
                connection.close()
                self._local.connection = None
                if fresh or attempt:
                    raise
                continue  # the kept connection had been closed while it was idle
            except TimeoutError:
                connection.close()
                self._local.connection = None
                raise
            if (answer.header("Connection") or "").lower() == "close":
                connection.close()
                self._local.connection = None
            return answer

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body, **more)

    def events(self, path, **more):
        return Events(self.port, path, **more)

    # --- accounts ----------------------------------------------------------------------------------
    def login(self, email, password):
        answer = self.post("/api/auth/login", {"email": email, "password": password})
        assert answer.status == 200, answer
        return Buyer(self, email, answer.data)

    @property
    def admin(self):
        if self._admin is None:
            self._admin = self.login(ADMIN_EMAIL, ADMIN_PASSWORD)
        return self._admin

    def register(self, name="buyer", password=BUYER_PASSWORD):
        email = f"{name}-{random.SystemRandom().getrandbits(48):x}@buyers.test"
        answer = self.post("/api/auth/register", {"email": email, "password": password, "name": name})
        assert answer.status == 201, answer
        return Buyer(self, email, answer.data)

    def seeds(self, count, ttl="1h"):
        """Access tokens of so many new buyers, by the command line."""
        path = os.path.join(self.root, f"tokens-{random.SystemRandom().getrandbits(32):x}")
        self.cli("user", "seed", "--count", str(count), "--tokens", path, "--ttl", ttl)
        with open(path, encoding="ascii") as file:
            tokens = file.read().split()
        assert len(tokens) == count == len(set(tokens)), len(tokens)
        return tokens

    def pause_queue(self):
        assert self.admin.post("/api/admin/queue/pause").status == 200
        wait_until(lambda: self.admin.get("/api/admin/queue").data["paused"], what="the queue is paused")

    def resume_queue(self):
        assert self.admin.post("/api/admin/queue/resume").status == 200

    # --- what is for sale --------------------------------------------------------------------------
    def product(self, product_id=None, total=100, **more):
        body = {"id": product_id or f"thing-{random.SystemRandom().getrandbits(40):x}", "name": "A thing",
                "total": total, "sale_price_minor": 1999, "currency": "EUR", **more}
        answer = self.admin.post("/api/admin/products", body)
        assert answer.status == 201, answer
        return body["id"]

    def stock(self, product_id):
        """(available, held, sold, total)"""
        p = self.get(f"/api/products/{product_id}").data
        return p["available"], p["held"], p["sold"], p["total"]

    def restock(self, product_id, delta, reason="test"):
        return self.admin.post(f"/api/admin/products/{product_id}/stock", {"delta": delta, "reason": reason})

    # --- the command line --------------------------------------------------------------------------
    def run(self, *arguments, **more):
        return subprocess.run([BINARY, *arguments], env=self.environment(), cwd=self.root, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False, **more)

    def cli(self, *arguments, expect=EXIT_DONE):
        """Runs a subcommand beside the server (or without one) and checks its exit code."""
        done = self.run(*arguments)
        assert done.returncode == expect, f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def verify(self, expect=EXIT_DONE):
        return json.loads(self.cli("verify", "--json", expect=expect).stdout)

    def ledger(self):
        """What must not change when nothing was bought: where the journal ends, and its hash."""
        report = self.verify()
        assert report["ok"] and report["drift"] == 0, report
        return report["head"], report["head_hash"]

    def settled(self):
        """ledger(), once nothing is on its way any more."""
        seen = [self.ledger()]

        def is_quiet():
            time.sleep(0.15)
            seen.append(self.ledger())
            return seen[-1] == seen[-2]
        wait_until(is_quiet, 20, what="the ledger rests")
        return seen[-1]

    def metrics(self):
        """The values of /metrics as {'name{labels}': number}."""
        answer = self.admin.get("/metrics")
        assert answer.status == 200, answer
        lines = [line for line in answer.body.decode().splitlines() if line and line[0] != "#"]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


class ShopTest(unittest.TestCase):
    """A test case with one shop for all its tests, with the class's `settings`."""
    settings = {}
    longMessage = True

    @classmethod
    def setUpClass(cls):
        cls.shop = Shop(**cls.settings)

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    def own_shop(self, **settings):
        """Another shop, for this test alone."""
        shop = Shop(**settings)
        self.addCleanup(shop.close)
        return shop

    def assertError(self, answer, status, code, detail=None):
        """The contract's error, whole."""
        self.assertEqual((status, code), (answer.status, answer.code), answer)
        body = answer.json()
        self.assertIsInstance(body["detail"], str)
        self.assertTrue(body["detail"])
        if detail is not None:
            self.assertEqual(detail, body["detail"])
        self.assertEqual(answer.header("X-Request-Id"), body["request_id"])
        self.assertTrue(body["request_id"])
        self.assertEqual("application/json; charset=utf-8", answer.header("Content-Type"))
        self.assertEqual(status, body.get("status", status))
        if status == 422:
            self.assertTrue(body["errors"], body)
            for error in body["errors"]:
                self.assertIsInstance(error["loc"], list)
                self.assertTrue(error["msg"] and error["type"], error)
        if status == 401:
            self.assertTrue(answer.header("WWW-Authenticate").startswith("Bearer"), answer.fields)
        if status in (429, 503):
            self.assertGreaterEqual(int(answer.header("Retry-After")), 1)
        if status == 405:
            self.assertTrue(answer.header("Allow"))
        return body

    def leavesNoTrace(self, act):
        """act() must not change the ledger. Orders of earlier tests may still be on their way: then it is done again."""
        for _ in range(8):
            before = self.shop.ledger()
            answer = act()
            after = self.shop.ledger()
            if before == after:
                return answer
            time.sleep(0.1)
        self.assertEqual(before, after)
        return None

    def assertConserved(self, product_id):
        available, held, sold, total = self.shop.stock(product_id)
        self.assertEqual(total, available + held + sold)
        self.assertTrue(min(available, held, sold) >= 0)
        return available, held, sold, total


def main():
    if not BINARY:
        sys.exit("SCALEMART_BINARY names no program")
    unittest.main(verbosity=2)
