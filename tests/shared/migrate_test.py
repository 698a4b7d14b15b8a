"""A shop that outgrew its machine: every kind of order and account moves to a shared database, and goes on selling."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

import fleet
import shop
from wire import wait_until

sys.path.insert(0, os.path.dirname(shop.__file__))  # Python has a mailbox of its own
from mailbox import Mailbox  # noqa: E402


def fill(one):
    """Sales of every kind, by real requests; what has to be remembered of them. Ends with a server that takes no orders
    on: some are pending, one is processing."""
    ends = {}
    buyers = [one.register(f"buyer{i}") for i in range(4)]
    thing, capped = one.product("thing", total=50), one.product("capped", total=50, per_user_limit=2)
    paused, gone, other = one.product("paused"), one.product("gone", total=3), one.product("other", total=9, currency="JPY")
    one.restock(thing, 25, "found more, 100 % real: ä €")
    one.restock(thing, -5, "counted again")

    def bought(status, product=thing, quantity=1, buyer=0, key=None):
        answer = buyers[buyer].buy(product, quantity, key)
        assert answer.status == 200, answer
        ends.setdefault(status, []).append((buyer, answer.data["order_id"]))
        return answer.data

    def wait(status):
        for buyer, order in ends[status]:
            buyers[buyer].wait_for(order, status)

    first = bought("confirmed", quantity=3, key="the-first-key")
    for i in range(8):
        bought("confirmed", product=(thing, other)[i % 2], buyer=i % 4)
    bought("confirmed", capped, 2, key="capped")
    bought("confirmed", gone)
    wait("confirmed")
    refunded = bought("refunded", quantity=2)["order_id"]
    buyers[0].wait_for(refunded, "confirmed")
    assert one.admin.post(f"/api/admin/orders/{refunded}/refund").status == 200
    assert one.admin.send("DELETE", f"/api/admin/products/{gone}").status in (200, 204)
    assert one.admin.post(f"/api/admin/products/{paused}/pause").status == 200
    assert one.admin.send("PATCH", f"/api/admin/products/{other}", {"sale_price_minor": 2500}).status == 200
    one.restart(PAYMENT="simulated:?latency=5ms&decline=100%")
    bought("failed", key="declined")
    wait("failed")
    one.restart(PAYMENT="simulated:?latency=5ms&reject=100%")
    dead = [bought("processing")["order_id"] for _ in range(2)]
    wait_until(lambda: len(one.admin.get("/api/admin/queue/dead").data) == 2, what="two dead letters")
    box = Mailbox(refuse=True)
    one.restart(PAYMENT="simulated:?latency=5ms", SMTP=box.url)
    bought("confirmed")
    wait_until(lambda: len(one.admin.get("/api/admin/queue/dead").data) == 3, what="a mail that nobody takes")
    box.close()
    one.restart(SMTP=None, HOLD="1s", WORKERS=0)
    bought("expired", quantity=4)
    wait("expired")
    one.restart(HOLD="1h", PAYMENT="simulated:?latency=60m", WORKERS=1)
    bought("processing", quantity=2, buyer=1)
    wait("processing")
    one.kill()
    one.configure(WORKERS=0)
    one.start()
    bought("pending", quantity=2, buyer=2, key="pending-key")
    bought("pending", capped, 1, buyer=3)
    cancelled = bought("cancelled", buyer=3)["order_id"]
    assert buyers[3].post(f"/api/orders/{cancelled}/cancel").status == 200
    left = one.register("left")
    assert left.post("/api/auth/logout").status == 204
    assert one.admin.send("PUT", "/api/admin/rate-limits", {"flash_buy": "7/60s"}).status == 200
    one.cli("user", "create", "--email", "second@shop.test", "--password-file", password_file(one), "--admin")
    one.cli("user", "disable", buyers_email(one, "buyer1"))
    one.cli("user", "enable", buyers_email(one, "buyer1"))
    return buyers, ends, {"first": first, "dead": dead}


def password_file(one):
    path = os.path.join(one.root, "password")
    with open(path, "w", encoding="ascii") as file:
        file.write("Heron-under-Lindisfarne-9\n")
    return path


def buyers_email(one, name):
    users = json.loads(one.cli("user", "list", "--json").stdout)
    users = users["users"] if isinstance(users, dict) else users
    return next(u["email"] for u in users if u["email"].startswith(name + "-"))


def everything(one, buyers, ends):
    """All that can be read of a shop."""
    admin = one.admin

    def pages(path):
        rows, cursor = [], None
        while True:
            answer = admin.get(path + ("&" if "?" in path else "?") + "limit=50" + (f"&cursor={cursor}" if cursor else ""))
            assert answer.status == 200, answer
            rows += answer.data
            cursor = answer.json().get("next_cursor")
            if not cursor:
                return rows
    orders = pages("/api/admin/orders")
    users = json.loads(one.cli("user", "list", "--json").stdout)
    return {
        "products": one.get("/api/products").data,
        "console": admin.get("/api/admin/products").data,
        "orders": sorted(orders, key=lambda order: order["id"]),  # in one second they stand by acceptance here, by id there
        "own": [buyers[b].order(o) for rows in ends.values() for b, o in rows if b != 1],
        "lists": [buyer.get("/api/orders?limit=100").data for i, buyer in enumerate(buyers) if i != 1],
        "keys": [buyers[b].get(f"/api/orders/by-key/{key}").data["id"]
                 for b, key in ((0, "the-first-key"), (0, "capped"), (0, "declined"), (2, "pending-key"))],
        "dead": [{k: v for k, v in letter.items() if k not in ("sequence",)}
                 for letter in admin.get("/api/admin/queue/dead").data],
        "users": users,
        "limits": admin.get("/api/admin/rate-limits").data,
    }


class Migrate(unittest.TestCase):
    longMessage, maxDiff = True, None

    @classmethod
    def setUpClass(cls):
        cls.servers = fleet.Fleet()
        cls.addClassCleanup(cls.servers.close)
        cls.shop = shop.Shop(JWT_SECRET=fleet.SECRET)
        cls.addClassCleanup(cls.shop.close)
        cls.buyers, cls.ends, cls.known = fill(cls.shop)
        cls.before = everything(cls.shop, cls.buyers, cls.ends)
        cls.trail = cls.shop.admin.get("/api/admin/audit?limit=100").data
        cls.stats = cls.shop.admin.get("/api/admin/stats").data
        cls.shop.stop()
        cls.kept = cls.shop.folder + "-kept"
        shutil.copytree(cls.shop.folder, cls.kept, ignore=lambda _, names: [n for n in names if n == "control.sock"])

    def setUp(self):
        """The folder as it was, and an empty database."""
        self.shop.hang_up()
        shutil.rmtree(self.shop.folder)
        shutil.copytree(self.kept, self.shop.folder)
        self.servers.database.sql("DROP SCHEMA IF EXISTS scalemart CASCADE")
        self.servers.redis.say("FLUSHALL")
        self.target = {"SCALEMART_DATABASE": self.servers.database.url, "SCALEMART_REDIS": self.servers.redis.url}

    def run_with(self, settings, *arguments):
        env = {**self.shop.environment(), **settings}
        return subprocess.run([shop.BINARY, *arguments], env=env, cwd=self.shop.root, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120, check=False)

    def migrate(self, *arguments, expect=0, **settings):
        done = self.run_with({**self.target, **settings}, "migrate", *arguments)
        self.assertEqual(expect, done.returncode, done.stdout + done.stderr)
        if expect:
            self.assertEqual("", done.stdout)
            self.assertRegex(done.stderr, r"\Ascalemart: [^\n]+\n\Z")
        return done.stderr if expect else done.stdout

    def serve(self, **settings):
        self.shop.configure(**{k: v for k, v in self.target.items()}, **settings)
        self.addCleanup(self.back)
        return self.shop.start(60)

    def back(self):
        if self.shop.process.poll() is None:
            self.shop.stop()
        self.shop._admin = None
        self.shop.configure(DATABASE=None, REDIS=None, WORKERS=0, PAYMENT="simulated:?latency=60m")

    def content(self):
        return self.servers.database.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'scalemart'").strip()

    def test_everything_arrives_and_goes_on_selling(self):
        report = json.loads(self.migrate("--json"))
        rows = {t["table"]: t["rows"] for t in report["tables"]}
        self.assertEqual({"pending": 2, "processing": 3, "confirmed": 12, "failed": 1, "expired": 1, "cancelled": 1,
                          "refunded": 1}, report["orders"])
        self.assertEqual((5, sum(report["orders"].values()), 7, 1, 3),
                         (rows["products"], rows["orders"], rows["users"], rows["revocations"], report["dead_letters"]))
        verified = self.run_with(self.target, "verify", "--json")  # without a server
        self.assertEqual(0, verified.returncode, verified.stdout + verified.stderr)
        self.assertEqual((True, 0, rows["orders"], 5),
                         tuple(json.loads(verified.stdout)[k] for k in ("ok", "drift", "orders", "products")))
        self.shop._admin = None
        self.serve()
        after = everything(self.shop, self.buyers, self.ends)
        for part, expected in self.before.items():
            self.assertEqual(expected, after[part], part)
        newest = {row["sequence"]: row for row in self.shop.admin.get("/api/admin/audit?limit=100").data}
        for row in self.trail:
            self.assertEqual(row, newest[row["sequence"]])
        stats = self.shop.admin.get("/api/admin/stats").data
        self.assertEqual((self.stats["confirmed"], self.stats["revenue"]), (stats["confirmed"], stats["revenue"]))
        self.sell_on()

    def sell_on(self):
        """Old orders still count: keys, caps, logins, passwords, fulfilment."""
        zero = self.buyers[0]
        again = zero.buy("thing", 3, "the-first-key")
        self.assertEqual((200, "true"), (again.status, again.header("Idempotent-Replayed")), again)
        self.assertEqual(self.known["first"], {**again.data, "status": "pending", "message": self.known["first"]["message"]})
        self.assertEqual((409, "idempotency_conflict"), (lambda a: (a.status, a.code))(zero.buy("thing", 1, "the-first-key")))
        self.assertEqual((409, "purchase_limit"), (lambda a: (a.status, a.code))(zero.buy("capped", 1)))
        self.assertEqual((409, "purchase_limit"), (lambda a: (a.status, a.code))(self.buyers[3].buy("capped", 2)))
        self.assertEqual((409, "sale_paused"), (lambda a: (a.status, a.code))(zero.buy("paused", 1)))
        self.assertEqual(404, zero.buy("gone", 1).status)
        self.assertEqual(200, zero.buy("thing", 1).status)
        self.assertEqual(200, self.buyers[3].buy("capped", 1).status)
        refreshed = self.shop.post("/api/auth/refresh", {"refresh_token": self.buyers[2].refresh_token})
        self.assertEqual(200, refreshed.status, refreshed)
        self.assertEqual(self.buyers[0].id, self.shop.login(self.buyers[0].email, shop.BUYER_PASSWORD).id)
        self.shop.login("second@shop.test", "Heron-under-Lindisfarne-9")
        self.assertEqual(401, self.buyers[1].get("/api/auth/me").status, "its tokens ended before the move")
        self.shop.restart(WORKERS=1, PAYMENT="simulated:?latency=5ms")
        waiting = [(b, o) for status in ("pending", "processing") for b, o in self.ends[status]
                   if b != 1 and o not in self.known["dead"]]
        for buyer, order in waiting:
            self.assertEqual("confirmed", self.buyers[buyer].wait_for(order, "confirmed", "failed")["status"])
        report = self.shop.verify()
        self.assertEqual((True, 0), (report["ok"], report["drift"]), report)

    def test_a_dry_run_changes_nothing(self):
        def state():
            return {name: os.stat(os.path.join(self.shop.folder, name)).st_mtime_ns for name in os.listdir(self.shop.folder)}
        before = state()
        text = self.migrate("--dry-run")
        self.assertIn("dry run: nothing was changed", text)
        self.assertRegex(text, r"orders +21  [0-9a-f]{16}")
        self.assertEqual("0", self.content())
        self.assertEqual(before, state())

    def test_the_folder_does_not_sell_any_more_and_there_is_a_way_back(self):
        self.assertIn("drift 0", self.migrate())
        for command in (("serve",), ("product", "list")):
            done = self.run_with({}, *command)
            self.assertEqual((3, ""), (done.returncode, done.stdout))
            lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
            self.assertEqual(1, len(lines), done.stderr)
            self.assertRegex(lines[0], r"\Ascalemart: .*was moved to postgresql://.* The way back.*remove the file ")
        self.assertIn("had been moved", self.migrate(), "once more does no harm")
        os.remove(os.path.join(self.shop.folder, "moved"))
        self.assertEqual(0, self.run_with({}, "product", "list").returncode)

    def test_a_shop_that_is_there_is_left_alone(self):
        self.migrate()
        os.remove(os.path.join(self.shop.folder, "moved"))
        self.assertEqual(0, self.run_with({}, "product", "pause", "thing").returncode)  # it goes on
        self.assertRegex(self.migrate(expect=1), "was copied from .*name an empty database")
        self.servers.database.sql("DELETE FROM scalemart.migration")
        for arguments in ((), ("--dry-run",)):
            self.assertRegex(self.migrate(*arguments, expect=1),
                             r"there is a shop already \(5 products, 21 orders, 7 users, .*\): name an empty database")

    def test_no_server_may_use_the_folder(self):
        self.shop.start()
        try:
            self.assertRegex(self.migrate(expect=3), r"is in use by process \d+: stop the server first")
        finally:
            self.shop.stop()
        self.assertEqual("0", self.content())

    def test_a_damaged_folder_is_not_moved(self):
        with open(os.path.join(self.shop.folder, "journal.db"), "r+b") as file:
            data = file.read()
            at = data.index(b"counted again")
            file.seek(at)
            file.write(b"counted never")
        self.assertRegex(self.migrate(expect=1), "was changed: its hash does not match; see scalemart verify")
        self.assertEqual("0", self.content())

    def test_wrong_addresses(self):
        wrong = "postgresql://shop@127.0.0.1:1/shop"
        self.assertRegex(self.migrate(expect=3, SCALEMART_DATABASE=wrong), "SCALEMART_DATABASE: PostgreSQL: .*refused")
        done = self.run_with({}, "migrate")
        self.assertEqual((3, ""), (done.returncode, done.stdout))
        self.assertRegex(done.stderr, r"SCALEMART_DATABASE: embedded: is no place to move to; allowed is postgresql://")
        self.assertRegex(self.migrate(expect=3, SCALEMART_DATA="/nonexistent"), "holds no scalemart data")

    def test_killed_at_any_moment_it_is_run_again(self):
        """kill -9 before, in the middle of and after the copy: there is nothing or everything, and the next run ends it."""
        began = time.monotonic()
        self.migrate("--dry-run")
        whole = 3 * (time.monotonic() - began)
        for step in range(8):
            self.setUp()
            env = {**self.shop.environment(), **self.target}
            process = subprocess.Popen([shop.BINARY, "migrate"], env=env, cwd=self.shop.root, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(whole * step / 8)
            process.send_signal(signal.SIGKILL)
            process.wait()
            report = json.loads(self.migrate("--json"))
            self.assertEqual(21, {t["table"]: t["rows"] for t in report["tables"]}["orders"])
            self.assertEqual("21", self.servers.database.sql("SELECT count(*) FROM scalemart.orders").strip())
            self.assertTrue(os.path.exists(os.path.join(self.shop.folder, "moved")))

    def test_killed_between_copy_and_mark_it_marks_the_folder(self):
        self.migrate()
        os.remove(os.path.join(self.shop.folder, "moved"))
        self.assertTrue(json.loads(self.migrate("--json"))["was_there"])
        self.assertTrue(os.path.exists(os.path.join(self.shop.folder, "moved")))


if __name__ == "__main__":
    fleet.main()
