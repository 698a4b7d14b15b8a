"""The command line, beside a running server and without one."""
import datetime
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import threading
import time
import unittest

import shop
from shop import EXIT_CANNOT_RUN, EXIT_DONE, EXIT_NO, EXIT_USAGE
from wire import Closed, wait_until

SUBCOMMANDS = ("serve", "worker", "user", "product", "rehearse", "verify", "backup", "restore", "doctor", "config", "version")


def content_of(folder):
    """Name and bytes of each file below it, sockets aside."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            if stat.S_ISREG(os.stat(path).st_mode):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = file.read()
    return found


class Plain(unittest.TestCase):
    """What needs no folder."""

    @classmethod
    def setUpClass(cls):
        cls.shop = shop.Shop(start=False)

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    def test_help(self):
        said = self.shop.cli("--help").stdout
        for name in SUBCOMMANDS:
            with self.subTest(subcommand=name):
                self.assertIn(name, said)
                self.assertTrue(self.shop.cli(name, "--help").stdout)
        self.assertIn("--listen", self.shop.cli("serve", "--help").stdout)

    def test_wrong_usage(self):
        for arguments in ((), ("nonsense",), ("serve", "--nonsense"), ("user",), ("user", "seed"), ("product", "create"),
                          ("user", "seed", "--count", "0", "--tokens", "x"), ("user", "seed", "--count", "x", "--tokens", "x"),
                          ("user", "seed", "--count", "-1", "--tokens", "x"), ("verify", "extra"), ("backup",), ("restore",),
                          ("user", "seed", "--count", "1", "--tokens", "x", "--ttl", "soon")):
            with self.subTest(arguments=arguments):
                done = self.shop.cli(*arguments, expect=EXIT_USAGE)
                self.assertTrue(done.stderr)

    def test_version(self):
        said = json.loads(self.shop.cli("version", "--json").stdout)
        self.assertTrue(said["version"] and said["revision"] and said["compiler"])
        self.assertIn(said["version"], self.shop.cli("version").stdout)
        self.assertEqual(said["version"], self.shop.cli("--version").stdout.strip())

    def test_config_shows_what_is_in_effect_and_masks_secrets(self):
        self.shop.configure(HOLD="7m", JWT_SECRET="Yk3v9QzT1uR7xWm5Lc0HdPbN8sJf2Ga6EiOoUyVt4Bn1MqZs")
        try:
            done = self.shop.cli("config", "--json", "--queue-max", "1234")
            said = json.loads(done.stdout)
            self.assertEqual("flag", said["SCALEMART_QUEUE_MAX"]["from"])
            self.assertEqual("environment", said["SCALEMART_HOLD"]["from"])
            self.assertEqual("default", said["SCALEMART_WORKERS"]["from"])
            self.assertEqual(("1234", "7m"), (str(said["SCALEMART_QUEUE_MAX"]["value"]), said["SCALEMART_HOLD"]["value"]))
            for text in (done.stdout, self.shop.cli("config").stdout):
                self.assertNotIn(self.shop.settings["SCALEMART_JWT_SECRET"], text)
                self.assertNotIn(shop.ADMIN_PASSWORD, text)
        finally:
            self.shop.configure(HOLD=None, JWT_SECRET=None)

    def test_the_contracts_variables_exist(self):
        said = json.loads(self.shop.cli("config", "--json").stdout)
        for name in ("LISTEN", "DATA", "DATABASE", "REDIS", "ADMIN_EMAIL", "ADMIN_PASSWORD", "JWT_SECRET", "RATE_LIMIT_FLASH_BUY",
                     "RATE_LIMIT_LOGIN", "RATE_LIMIT_REGISTER", "RATE_LIMIT_DEFAULT", "TRUSTED_PROXIES", "CONNECTIONS_PER_ADDRESS",
                     "PAYMENT", "WORKERS", "HOLD", "SMTP", "TLS_CERT", "TLS_KEY", "LOG"):
            self.assertIn("SCALEMART_" + name, said)
        defaults = subprocess.run([shop.BINARY, "config", "--json"], env={"PATH": os.environ["PATH"]}, capture_output=True,
                                       text=True, check=True, cwd=self.shop.root)
        plain = {name.removeprefix("SCALEMART_"): value["value"] for name, value in json.loads(defaults.stdout).items()}
        for name, value in {"LISTEN": "127.0.0.1:3000", "DATA": "./data", "DATABASE": "embedded:", "CONNECTIONS_PER_ADDRESS": "512",
                            "RATE_LIMIT_FLASH_BUY": "10/60s", "PAYMENT": "simulated:?latency=2s&decline=0%", "WORKERS": "1",
                            "HOLD": "10m", "LOG": "info"}.items():
            with self.subTest(name=name):
                self.assertEqual(value, str(plain[name]))

    def test_secrets_can_stand_in_files(self):
        path = os.path.join(self.shop.root, "secret")
        with open(path, "w", encoding="ascii") as file:
            file.write(shop.ADMIN_PASSWORD + "\n")
        self.shop.configure(ADMIN_PASSWORD=None, ADMIN_PASSWORD_FILE=path)
        try:
            self.assertIn(path, json.loads(self.shop.cli("config", "--json").stdout)["SCALEMART_ADMIN_PASSWORD"]["from"])
            self.shop.configure(ADMIN_PASSWORD_FILE="/nowhere")
            self.assertIn("SCALEMART_ADMIN_PASSWORD_FILE", self.shop.cli("config", expect=EXIT_CANNOT_RUN).stderr)
        finally:
            self.shop.configure(ADMIN_PASSWORD=shop.ADMIN_PASSWORD, ADMIN_PASSWORD_FILE=None)

    def test_there_is_nothing_to_verify_without_a_folder(self):
        for arguments in (("verify",), ("product", "list"), ("user", "list"), ("backup", os.path.join(self.shop.root, "b"))):
            with self.subTest(arguments=arguments):
                said = self.shop.cli(*arguments, expect=EXIT_CANNOT_RUN).stderr
                self.assertIn("SCALEMART_DATA", said)

    def test_doctor_looks_at_the_machine(self):
        done = self.shop.run("doctor", "--json")
        said = json.loads(done.stdout)
        self.assertEqual(EXIT_DONE if said["ok"] else EXIT_NO, done.returncode)
        checks = {check["check"] for check in said["checks"]}
        for word in ("file", "disk", "sync", "clock"):
            self.assertTrue([c for c in checks if word in c], f"nothing about {word} in {checks}")
        for check in said["checks"]:
            self.assertIn(check["verdict"], ("good", "odd", "bad"))
            self.assertTrue(check["detail"])


class Accounts(shop.ShopTest):
    """The same commands beside a running server, and on its folder when it is stopped."""

    def password_file(self, password):
        path = os.path.join(self.shop.root, "password")
        with open(path, "w", encoding="utf-8") as file:
            file.write(password + "\n")
        return path

    def both(self, work):
        """Runs work("server"), then with the server stopped work("folder"), and starts it again."""
        work("server")
        self.shop.stop()
        try:
            work("folder")
        finally:
            self.shop.start()

    def test_create_and_list(self):
        made = {}

        def create(where):
            for admin in (False, True):
                email, password = f"{where}-{admin}@shop.test".lower(), "A-word-for-%s-77" % where
                flags = ["--admin"] if admin else []
                done = self.shop.cli("user", "create", *flags, "--email", email, "--name", "Made", "--password-file",
                                     self.password_file(password), "--json")
                user = json.loads(done.stdout)
                self.assertEqual((email, "admin" if admin else "buyer"), (user["email"], user["role"]))
                made[email] = (password, admin)
                again = self.shop.cli("user", "create", "--email", email, "--password-file", self.password_file(password), "--json",
                                      expect=EXIT_NO)
                self.assertEqual("email_taken", json.loads(again.stdout)["error"]["code"])
            self.shop.cli("user", "create", "--email", "no-address", "--password-file", self.password_file("A-fine-word-77"),
                          expect=EXIT_USAGE)
            self.shop.cli("user", "create", "--email", "x@shop.test", "--password-file", self.password_file("short"), expect=EXIT_USAGE)
            self.shop.cli("user", "create", "--email", "x@shop.test", "--password-file", "/nowhere", expect=EXIT_CANNOT_RUN)
            listed = {user["email"] for user in json.loads(self.shop.cli("user", "list", "--json").stdout)}
            self.assertTrue(set(made) <= listed)
            self.assertNotIn("A-word-for", self.shop.cli("user", "list").stdout)
        self.both(create)
        for email, (password, admin) in made.items():
            user = self.shop.login(email, password)
            self.assertEqual(200 if admin else 403, user.get("/api/admin/stats").status)

    def test_seed(self):
        thing = self.shop.product(total=100)

        def seed(where):
            path = os.path.join(self.shop.root, where + ".tokens")
            said = json.loads(self.shop.cli("user", "seed", "--count", "25", "--tokens", path, "--ttl", "2h", "--json").stdout)
            self.assertEqual(25, said["created"])
            self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
            self.shop.cli("user", "seed", "--count", "1", "--tokens", "/nowhere/tokens", expect=EXIT_CANNOT_RUN)
        self.both(seed)
        for where in ("server", "folder"):
            with open(os.path.join(self.shop.root, where + ".tokens"), encoding="ascii") as file:
                tokens = file.read().splitlines()
            self.assertEqual(25, len(set(tokens)))
            for token in tokens:
                self.assertEqual(200, self.shop.post("/api/flash-buy", {"product_id": thing}, token=token).status)
        self.assertEqual(50, self.shop.stock(thing)[0])

    def test_disable_enable_and_password(self):
        buyer = self.shop.register()
        self.shop.cli("user", "disable", buyer.email)
        self.assertError(buyer.get("/api/auth/me"), 401, "invalid_token")
        answer = self.shop.post("/api/auth/login", {"email": buyer.email, "password": shop.BUYER_PASSWORD})
        self.assertError(answer, 401, "invalid_credentials")
        self.shop.cli("user", "enable", buyer.email)
        back = self.shop.login(buyer.email, shop.BUYER_PASSWORD)
        self.shop.cli("user", "password", buyer.email, "--password-file", self.password_file("Another-word-88"))
        self.assertError(back.get("/api/auth/me"), 401, "invalid_token")
        self.shop.login(buyer.email, "Another-word-88")
        self.shop.cli("user", "disable", "nobody@nowhere.test", expect=EXIT_NO)

    def test_role_takes_effect_at_once(self):
        buyer = self.shop.register()
        self.assertError(buyer.get("/api/admin/stats"), 403, "forbidden")
        self.shop.cli("user", "role", buyer.email, "admin")
        self.assertError(buyer.get("/api/admin/stats"), 401, "invalid_token")
        back = self.shop.login(buyer.email, shop.BUYER_PASSWORD)
        self.assertEqual(200, back.get("/api/admin/stats").status)
        self.shop.cli("user", "role", buyer.email, "buyer")
        self.assertError(back.get("/api/admin/stats"), 401, "invalid_token")
        again = self.shop.login(buyer.email, shop.BUYER_PASSWORD)
        self.assertError(again.get("/api/admin/stats"), 403, "forbidden")
        self.shop.cli("user", "role", buyer.email, "king", expect=EXIT_USAGE)
        self.shop.cli("user", "role", "nobody@nowhere.test", "admin", expect=EXIT_NO)

    def test_products(self):
        def sell(where):
            thing = "made-by-" + where
            made = json.loads(self.shop.cli("product", "create", thing, "--name", "Made", "--total", "5", "--price-minor", "1234",
                                            "--per-user-limit", "2", "--json").stdout)
            self.assertEqual((thing, 5, 1234, 2, "EUR", "live"), (made["id"], made["available"], made["sale_price_minor"],
                                                                  made["per_user_limit"], made["currency"], made["state"]))
            self.shop.cli("product", "create", thing, "--name", "Again", "--total", "5", "--price-minor", "1", expect=EXIT_NO)
            self.shop.cli("product", "create", "UPPER", "--name", "x", "--total", "5", "--price-minor", "1", expect=EXIT_USAGE)
            self.assertEqual(12, json.loads(self.shop.cli("product", "stock", thing, "7", "--json").stdout)["total"])
            self.assertEqual(10, json.loads(self.shop.cli("product", "stock", thing, "--json", "--", "-2").stdout)["total"])
            self.shop.cli("product", "stock", thing, "--", "-11", expect=EXIT_NO)
            self.shop.cli("product", "stock", "nothing-of-that", "1", expect=EXIT_NO)
            changed = json.loads(self.shop.cli("product", "change", thing, "--price-minor", "999", "--json").stdout)
            self.assertEqual((999, "Made"), (changed["sale_price_minor"], changed["name"]))
            self.assertEqual("paused", json.loads(self.shop.cli("product", "pause", thing, "--json").stdout)["state"])
            self.assertEqual("live", json.loads(self.shop.cli("product", "resume", thing, "--json").stdout)["state"])
            self.assertIn(thing, [p["id"] for p in json.loads(self.shop.cli("product", "list", "--json").stdout)])
            self.assertIn(thing, self.shop.cli("product", "list").stdout)
        self.both(sell)
        for where in ("server", "folder"):
            self.assertEqual((10, 0, 0, 10), self.shop.stock("made-by-" + where))
        self.shop.cli("product", "remove", "made-by-server")
        self.assertEqual(404, self.shop.get("/api/products/made-by-server").status)

    def test_a_new_key_keeps_old_tokens_good(self):
        buyer = self.shop.register()
        self.shop.cli("key", "rotate")
        self.assertEqual(200, buyer.get("/api/auth/me").status)
        self.assertEqual(200, self.shop.register().get("/api/auth/me").status)
        self.shop.restart()
        self.assertEqual(200, buyer.get("/api/auth/me").status)
        self.shop.cli("key", "rotate")
        self.assertError(buyer.get("/api/auth/me"), 401, "invalid_token")

    def test_stats(self):
        said = json.loads(self.shop.cli("stats", "--json").stdout)
        self.assertEqual(set(self.shop.admin.get("/api/admin/stats").data), set(said))

    def test_doctor_and_verify_beside_the_server_and_without(self):
        def look(_):
            self.assertIn("drift 0", self.shop.cli("verify").stdout)
            self.assertTrue(json.loads(self.shop.run("doctor", "--json").stdout)["checks"])
        self.both(look)

    def test_the_folder_is_its_owners_alone(self):
        self.assertEqual(0o700, stat.S_IMODE(os.stat(self.shop.folder).st_mode))
        keys = [n for n in os.listdir(self.shop.folder) if "key" in n or n.endswith(".sock")]
        self.assertEqual(2, len(keys), keys)
        for name in keys:
            self.assertEqual(0o600, stat.S_IMODE(os.stat(os.path.join(self.shop.folder, name)).st_mode))


class Proof(shop.ShopTest):
    """verify, backup and restore."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.shop.register()

    def sold(self, orders=12, one=None, buyer=None):
        one, buyer = one or self.shop, buyer or self.buyer
        thing = one.product(total=1000)
        made = [buyer.buy(thing, 1 + i % 3, key=f"{thing}-{i}").data["order_id"] for i in range(orders)]
        for order in made:
            buyer.wait_for(order, "confirmed")
        return thing, made

    def test_verify_counts_what_there_is(self):
        self.shop.settled()
        before = self.shop.verify()
        self.sold()
        self.shop.settled()
        after = self.shop.verify()
        self.assertEqual((12, 1), (after["orders"] - before["orders"], after["products"] - before["products"]))
        self.assertTrue(after["head"] > before["head"] and after["records"] >= after["head"] and after["batches"] > 0)
        self.assertRegex(after["head_hash"], "^[0-9a-f]{64}$")
        self.assertNotEqual(before["head_hash"], after["head_hash"])
        self.shop.stop()
        try:
            alone = self.shop.verify()
        finally:
            self.shop.start()
        for name in ("ok", "drift", "records", "orders", "products", "head", "head_hash"):
            self.assertEqual(after[name], alone[name], name)

    def edited(self, original, statement):
        """A copy of a stopped shop's folder whose journal somebody has edited."""
        copy = shop.Shop(start=False)
        self.addCleanup(copy.close)
        shutil.copytree(original.folder, copy.folder, ignore=lambda _, names: [n for n in names if n.endswith(".sock")])
        db = sqlite3.connect(os.path.join(copy.folder, "journal.db"))
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        changed = statement(db)
        db.commit()
        db.close()
        self.assertTrue(changed)
        return copy

    def test_edits_of_the_journal_are_noticed(self):
        original = self.own_shop()
        self.sold(one=original, buyer=original.register())
        original.settled()
        original.stop()
        self.assertEqual(0, original.verify()["drift"])
        middle = "(SELECT first FROM batch ORDER BY first LIMIT 1 OFFSET (SELECT count(*) / 2 FROM batch))"

        def flip(where):
            def edit(db):
                first, data = db.execute(f"SELECT first, bytes FROM batch WHERE first = {middle}").fetchone()
                at = int(len(data) * where) if where < 1 else len(data) - 1
                data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
                return db.execute("UPDATE batch SET bytes = ? WHERE first = ?", (data, first)).rowcount
            return edit
        edits = {
            "a bit at the beginning": flip(0), "a bit in the middle": flip(0.5), "the last bit": flip(1),
            "a batch is gone": lambda db: db.execute(f"DELETE FROM batch WHERE first = {middle}").rowcount,
            "another hash": lambda db: db.execute(f"UPDATE batch SET hash = zeroblob(length(hash)) WHERE first = {middle}").rowcount,
            "another count": lambda db: db.execute(f"UPDATE batch SET count = count + 1 WHERE first = {middle}").rowcount,
            "the first batch is gone": lambda db: db.execute("DELETE FROM batch WHERE first = (SELECT min(first) FROM batch)").rowcount,
            "no batch at all": lambda db: db.execute("DELETE FROM batch").rowcount,
            "the last batch is gone": lambda db: db.execute("DELETE FROM batch WHERE first = (SELECT max(first) FROM batch)").rowcount,
        }
        for name, edit in edits.items():
            with self.subTest(edit=name):
                copy = self.edited(original, edit)
                before = content_of(copy.folder)
                said = json.loads(copy.cli("verify", "--json", expect=EXIT_NO).stdout)
                self.assertEqual((False, 0), (said["ok"], said["drift"]))
                self.assertTrue(said["problems"])
                self.assertIn("problem: ", copy.cli("verify", expect=EXIT_NO).stdout)
                self.assertEqual(before, content_of(copy.folder))

    def test_a_file_that_is_no_database_is_named(self):
        original = self.own_shop()
        original.stop()
        for name in ("journal.db", "accounts.db"):
            with self.subTest(name=name):
                copy = self.edited(original, lambda db: True)
                with open(os.path.join(copy.folder, name), "r+b") as file:
                    file.write(b"?" * 200)
                said = json.loads(copy.cli("verify", "--json", expect=EXIT_NO).stdout)
                self.assertIn(name, said["problems"][0])

    def test_accounts_that_are_gone_are_missed(self):
        one = self.own_shop()
        self.sold(1, one=one, buyer=one.register())
        one.stop()
        accounts = os.path.join(one.folder, "accounts.db")
        os.remove(accounts)
        said = one.cli("product", "list", expect=EXIT_CANNOT_RUN).stderr
        self.assertRegex(said, r"accounts\.db is missing, and \d+ records .*: put it back from the newest backup")
        self.assertFalse(os.path.exists(accounts))
        with open(accounts, "wb"):
            pass
        self.assertIn("sold", one.cli("product", "list").stdout)

    def test_a_changed_audit_trail_is_noticed(self):
        original = self.own_shop()
        original.stop()
        copy = self.edited(original, lambda db: True)
        db = sqlite3.connect(os.path.join(copy.folder, "accounts.db"))
        self.assertEqual(1, db.execute("UPDATE audit SET who = 'nobody' WHERE sequence = 1").rowcount)
        db.commit()
        db.close()
        self.assertIn("audit trail was changed at row 1", copy.cli("verify", expect=EXIT_NO).stdout)

    def test_verify_changes_nothing_where_a_server_was_killed(self):
        one = self.own_shop()
        self.sold(3, one=one, buyer=one.register())
        one.settled()
        heads = [one.verify()["head"]]

        def is_at_rest():  # papers are records, too
            time.sleep(1)
            heads.append(one.verify()["head"])
            return heads[-1] == heads[-2] and not sum(stage["depth"] for stage in one.admin.get("/api/admin/queue").data["stages"])
        wait_until(is_at_rest, 60)
        head = heads[-1]
        one.kill()
        before = content_of(one.folder)
        self.assertTrue(before["journal.db-wal"], "the test needs a WAL that was left")
        self.assertEqual(head, one.verify()["head"])
        self.assertEqual(before, content_of(one.folder))
        one.start()
        self.assertEqual(head, one.verify()["head"])

    def test_a_backup_can_be_verified_but_not_served_from(self):
        self.sold(2)
        folder = os.path.join(self.shop.root, "sealed")
        head = json.loads(self.shop.cli("backup", folder, "--json").stdout)["head"]
        before = content_of(folder)
        said = json.loads(self.shop.cli("verify", "--data", folder, "--json").stdout)
        self.assertEqual((True, 0, head), (said["ok"], said["drift"], said["head"]))
        for arguments in (("serve", "--listen", "127.0.0.1:0"), ("user", "list"), ("stats",)):
            refused = self.shop.cli(*arguments, "--data", folder, expect=EXIT_CANNOT_RUN)
            self.assertIn("is a backup; restore it first", refused.stderr)
        self.assertEqual(before, content_of(folder))
        other = shop.Shop(start=False)
        self.addCleanup(other.close)
        other.cli("restore", folder)
        self.assertEqual(head, other.verify()["head"])

    def test_backup_while_selling_and_restore_elsewhere(self):
        thing, made = self.sold()
        tokens = self.shop.seeds(8)
        stop, bought = threading.Event(), []

        def run(token):
            try:
                with self.shop.connect() as c:
                    while not stop.is_set():
                        answer = c.request("POST", "/api/flash-buy", {"product_id": thing}, token=token)
                        if answer.status == 200:
                            bought.append((token, answer.data))
            except (ConnectionError, Closed):
                pass
        threads = [threading.Thread(target=run, args=(t,)) for t in tokens]
        for t in threads:
            t.start()
        folder = os.path.join(self.shop.root, "backup")
        try:
            wait_until(lambda: len(bought) > 50)
            sure = list(bought)
            said = json.loads(self.shop.cli("backup", folder, "--json").stdout)
        finally:
            stop.set()
            for t in threads:
                t.join()
        self.assertEqual(folder, said["folder"])
        self.assertGreater(said["head"], max(data["sequence"] for _, data in sure) - 1)
        self.shop.cli("backup", folder, expect=EXIT_NO)  # over the one just made
        self.shop.cli("restore", folder, expect=EXIT_CANNOT_RUN)  # over the live folder
        self.assertEqual(200, self.shop.get("/readyz").status)

        other = shop.Shop(start=False)
        self.addCleanup(other.close)
        report = json.loads(other.cli("restore", folder, "--json").stdout)
        self.assertEqual((True, 0, said["head"]), (report["ok"], report["drift"], report["head"]))
        other.cli("restore", folder, expect=EXIT_CANNOT_RUN)  # over what is there now
        self.assertEqual(said["head"], other.verify()["head"])
        other.start()
        for token, data in sure:
            found = other.get(f"/api/orders/{data['order_id']}", token=token)
            self.assertEqual((200, data["quantity"]), (found.status, found.data["quantity"]))
        for order in made:
            self.assertEqual("confirmed", other.get(f"/api/orders/{order}", token=self.buyer.token).data["status"])
        other.login(shop.ADMIN_EMAIL, shop.ADMIN_PASSWORD)
        wait_until(lambda: other.stock(thing)[1] == 0, what="the restored shop finishes what was pending")
        self.assertEqual(0, other.verify()["drift"])

    def test_a_sale_as_it_was_at_an_earlier_moment(self):
        one = self.own_shop()
        thing, _ = self.sold(3, one=one, buyer=one.register())
        one.settled()
        then = one.verify()["head"]
        moment = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        before = one.stock(thing)
        time.sleep(0.01)  # the moment is a millisecond, and what follows is later
        one.restock(thing, 5)
        folder = os.path.join(one.root, "backup")
        one.cli("backup", folder)
        for until in (str(then), moment):
            other = shop.Shop(start=False)
            self.addCleanup(other.close)
            said = json.loads(other.cli("restore", folder, "--until", until, "--json").stdout)
            self.assertEqual((True, 0, then, 1), (said["ok"], said["drift"], said["head"], said["left_out"]))
            other.start()
            self.assertEqual(before, other.stock(thing))
        other = shop.Shop(start=False)
        self.addCleanup(other.close)
        self.assertIn("--until: \"yesterday\" is not allowed; allowed is", other.cli("restore", folder, "--until", "yesterday", expect=EXIT_USAGE).stderr)
        self.assertIn("nothing was recorded by then", other.cli("restore", folder, "--until", "2001-01-01T00:00:00Z", expect=EXIT_CANNOT_RUN).stderr)
        other.cli("restore", folder)

    def test_backup_without_a_server_and_a_damaged_one(self):
        self.sold(3)
        self.shop.settled()
        self.shop.stop()
        try:
            head = self.shop.ledger()
            folder = os.path.join(self.shop.root, "cold")
            self.shop.cli("backup", folder)
        finally:
            self.shop.start()
        self.assertEqual(0o700, stat.S_IMODE(os.stat(folder).st_mode), "it holds the keys")
        damaged = os.path.join(self.shop.root, "damaged")
        shutil.copytree(folder, damaged)
        with open(os.path.join(damaged, "journal.db"), "r+b") as file:
            file.seek(5000)
            file.write(b"?")
        other = shop.Shop(start=False)
        self.addCleanup(other.close)
        self.assertIn("journal.db", other.cli("restore", damaged, expect=EXIT_CANNOT_RUN).stderr)
        self.assertFalse(os.path.exists(os.path.join(other.folder, "journal.db")), "nothing half-restored is left")
        other.cli("restore", self.shop.folder, expect=EXIT_CANNOT_RUN)  # no backup
        other.cli("restore", folder)
        self.assertEqual(head, other.ledger())

    def test_rehearse_sells_a_stock_and_checks_it(self):
        one = self.own_shop()
        thing, tokens, admin = one.product(total=40), os.path.join(one.root, "tokens"), os.path.join(one.root, "admin")
        one.cli("user", "seed", "--count", "60", "--tokens", tokens)
        with open(admin, "w", encoding="ascii") as file:
            file.write(one.admin.token + "\n")
        report, drawing = os.path.join(one.root, "report.json"), os.path.join(one.root, "report.html")
        done = one.cli("rehearse", f"http://127.0.0.1:{one.port}", "--product", thing, "--tokens", tokens, "--admin-token", admin,
                       "--rate", "200", "--duration", "2s", "--connections", "20", "--json", report, "--html", drawing)
        self.assertIn("drift", done.stdout)
        with open(report, encoding="utf-8") as file:
            told = json.load(file)
        self.assertTrue(told)
        with open(drawing, encoding="utf-8") as file:
            page = file.read()
        inside = page.partition('<script id="rehearsal" type="application/json">')[2].partition("</script>")[0]
        self.assertEqual(told, json.loads(inside))
        self.assertNotRegex(page, r'<(script|link|img)[^>]+(src|href)="(?!data:)', "one file: it loads nothing")
        self.assertEqual(("scalemart-rehearsal", 1, True, 40, 0), tuple(told[m] for m in ("kind", "version", "ok", "accepted", "drift")))
        self.assertEqual(40, sum(s["accepted"] for s in told["per_second"]))
        self.assertEqual(40, sum(s["confirmed"] for s in told["per_second"]))
        self.assertEqual((40, 0), (told["stock"][0]["available"], told["stock"][-1]["available"]))
        self.assertEqual((0, 0, 40, 40), one.stock(thing))
        # What cannot be written is told before anybody buys.
        self.assertIn("cannot be written", one.cli("rehearse", f"http://127.0.0.1:{one.port}", "--product", thing, "--tokens", tokens,
                                                   "--html", os.path.join(one.root, "no", "x.html"), expect=EXIT_CANNOT_RUN).stderr)
        # Nobody else's server is loaded by mistake.
        self.assertIn("not this machine", one.cli("rehearse", "http://192.0.2.1:80", "--product", thing, "--tokens", tokens,
                                                  expect=EXIT_USAGE).stderr)

    def test_rehearse_draws_its_report(self):
        one = self.own_shop()
        thing, tokens, page = one.product(total=10), os.path.join(one.root, "tokens"), os.path.join(one.root, "report.html")
        one.cli("user", "seed", "--count", "20", "--tokens", tokens)
        begun = time.monotonic()
        done = one.run("rehearse", f"http://127.0.0.1:{one.port}", "--product", thing, "--tokens", tokens, "--rate", "50",
                       "--duration", "1s", "--json", "-", "--html", page)
        if "built without its pages" in done.stderr:
            # A program without pages says so before it buys anything.
            self.assertEqual(EXIT_CANNOT_RUN, done.returncode)
            self.assertLess(time.monotonic() - begun, 1)
            self.assertEqual((10, 0, 0, 10), one.stock(thing))
            self.assertFalse(os.path.exists(page))
            return
        self.assertEqual(EXIT_DONE, done.returncode, done.stderr)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        begin = '<script id="rehearsal" type="application/json">'
        self.assertEqual(1, text.count(begin))
        inside = text[text.index(begin) + len(begin):].split("</script>")[0]
        self.assertEqual(json.loads(done.stdout), json.loads(inside))


if __name__ == "__main__":
    shop.main()
