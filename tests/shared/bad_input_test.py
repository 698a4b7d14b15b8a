"""What stops a process of a shared shop from starting: each says so on one line, with what to do, as doctor does too."""
import json
import os
import socketserver
import subprocess
import tempfile
import threading
import unittest

import fleet
import postgresql_server
import redis_server
import shop

OTHER_HOST = "no-such-host.invalid"


class OldRedis(socketserver.ThreadingTCPServer):
    """Answers as a Redis of another version, as far as it is asked."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, version):
        info = f"# Server\r\nredis_version:{version}\r\nrun_id:{'0' * 40}\r\nrole:master\r\nmaxmemory_policy:noeviction\r\n".encode()

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                while line := self.rfile.readline():
                    words = []
                    for _ in range(int(line[1:])):
                        words.append(self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2])
                    told = b"$%d\r\n%s\r\n" % (len(info), info) if words[0].upper() == b"INFO" else b"+OK\r\n"
                    self.wfile.write(told)
        super().__init__(("127.0.0.1", 0), Session)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.server_address[1]}"


class BadInput(unittest.TestCase):
    longMessage, maxDiff = True, None

    @classmethod
    def setUpClass(cls):
        cls.database = postgresql_server.PostgresServer()
        cls.addClassCleanup(cls.database.remove)
        cls.database.start()

    def setUp(self):
        self.redis = redis_server.RedisServer()
        self.addCleanup(self.redis.remove)
        self.redis.start()
        self.folder = tempfile.TemporaryDirectory(prefix="scalemart-")
        self.addCleanup(self.folder.cleanup)
        self.database.sql("DROP SCHEMA IF EXISTS scalemart CASCADE")

    def run_with(self, *arguments, **settings):
        env = {n: v for n, v in os.environ.items() if not n.startswith("SCALEMART_")}
        usual = dict(DATABASE=self.database.url, REDIS=self.redis.url, JWT_SECRET=fleet.SECRET, PARTITIONS="4",
                     DATA=os.path.join(self.folder.name, "data"), LISTEN=f"127.0.0.1:{shop.free_port()}")
        env.update({"SCALEMART_" + n: str(v) for n, v in {**usual, **settings}.items() if v is not None})
        return subprocess.run([shop.BINARY, *arguments], env=env, cwd=self.folder.name, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)

    def line_of(self, *arguments, **settings):
        """The one line that it ends with instead of a start; log lines of the time before do not count."""
        done = self.run_with(*arguments, **settings)
        lines = [line for line in done.stderr.splitlines() if not line.startswith('{"ts"')]
        self.assertEqual((shop.EXIT_CANNOT_RUN, "", 1), (done.returncode, done.stdout, len(lines)), done.stderr)
        self.assertTrue(lines[0].startswith("scalemart: "), lines)
        return lines[0].removeprefix("scalemart: ").removeprefix("worker: ")

    def refused(self, pattern, commands=("serve", "worker", "product list"), doctor=True, **settings):
        """Every command says it; doctor says the same, as a cross."""
        for command in commands:
            line = self.line_of(*command.split(), **settings)
            self.assertRegex(line, pattern, command)
        if doctor:
            done = self.run_with("doctor", "--json", **settings)
            self.assertEqual(shop.EXIT_NO, done.returncode, done.stdout + done.stderr)
            bad = [check["detail"] for check in json.loads(done.stdout)["checks"] if check["verdict"] == "bad"]
            self.assertEqual([line], bad)
        return line

    def test_nothing_is_wrong(self):
        done = self.run_with("product", "list", "--json")
        self.assertEqual((0, "[]\n"), (done.returncode, done.stdout), done.stderr)
        done = self.run_with("doctor", "--json")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        verdicts = {check["check"]: check["verdict"] for check in json.loads(done.stdout)["checks"]}
        for check in ("database", "database_server", "database_copies", "database_tables", "redis", "redis_latency",
                      "redis_memory", "gateways", "redis_clock"):
            self.assertEqual("good", verdicts[check], check)
        self.assertIn(verdicts["database_commit"], ("good", "odd"))
        self.assertEqual("odd", verdicts["redis_persistence"], "it keeps nothing here")

    # --- addresses and passwords -------------------------------------------------------------------
    def test_nobody_there(self):
        what_to_do = r"Connection refused; start the server there, or correct the address$"
        self.refused(r"^SCALEMART_DATABASE: PostgreSQL: .*" + what_to_do, DATABASE="postgresql://shop@127.0.0.1:1/shop")
        self.refused(r"^SCALEMART_REDIS: Redis redis://127.0.0.1:1: .*" + what_to_do, REDIS="redis://127.0.0.1:1")

    def test_no_such_host(self):
        what_to_do = r"; correct the host's name in the address, or this machine's name service$"
        self.refused(rf"^SCALEMART_DATABASE: PostgreSQL: .*{OTHER_HOST}.*" + what_to_do,
                     DATABASE=f"postgresql://shop@{OTHER_HOST}/shop")
        self.refused(rf"^SCALEMART_REDIS: .*{OTHER_HOST}.*" + what_to_do, REDIS=f"redis://{OTHER_HOST}")

    def test_no_such_database(self):
        self.refused(r'^SCALEMART_DATABASE: .*"nowhere" does not exist; create it there, or correct the address$',
                     DATABASE=self.database.url.rsplit("/", 1)[0] + "/nowhere")

    def test_wrong_password_of_redis(self):
        self.assertEqual(b"+OK", self.redis.say("CONFIG", "SET", "requirepass", "sesame"))
        for url in (self.redis.url, self.redis.url.replace("//", "//:wrong@"), self.redis.url.replace("//", "//who:ever@")):
            line = self.refused(r"(NOAUTH|WRONGPASS).*; put the right user and password into the address, best into a file "
                                r"that SCALEMART_REDIS_FILE names$", REDIS=url)
            self.assertNotIn("wrong@", line)
        self.assertEqual(0, self.run_with("product", "list", REDIS=self.redis.url.replace("//", "//:sesame@")).returncode)

    def test_wrong_password_of_the_database(self):
        own = postgresql_server.PostgresServer()
        self.addCleanup(own.remove)
        own.start()
        own.sql("CREATE ROLE keeper LOGIN PASSWORD 'sesame'")
        own.stop()
        with open(os.path.join(own.data, "pg_hba.conf"), "w", encoding="ascii") as file:
            file.write("host all shop 127.0.0.1/32 trust\nhost all keeper 127.0.0.1/32 scram-sha-256\n")
        own.start()
        what_to_do = r"; put the right user and password into the address, best into a file that SCALEMART_DATABASE_FILE names$"
        for login in ("keeper", "keeper:wrong-one"):
            line = self.refused(r"^SCALEMART_DATABASE: PostgreSQL: .*" + what_to_do,
                                DATABASE=own.url.replace("shop@", login + "@"))
            self.assertNotIn("wrong-one", line)
        self.refused("no pg_hba.conf entry.*; let this machine and user in", DATABASE=own.url.replace("shop@", "stranger@"))
        self.refused(r"permission denied for .*; start it once as the owner of the tables, or GRANT", doctor=False,
                     commands=("serve", "worker"), DATABASE=own.url.replace("shop@", "keeper:sesame@"))
        # As the documentation says it: the owner has made the tables, this user sells.
        self.assertEqual(0, self.run_with("product", "list", DATABASE=own.url).returncode)
        own.sql("GRANT USAGE ON SCHEMA scalemart TO keeper;"
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA scalemart TO keeper;"
                "GRANT USAGE ON ALL SEQUENCES IN SCHEMA scalemart TO keeper")
        for command in (("product", "create", "lamp", "--name", "Lamp", "--total", "3", "--price-minor", "100"),
                        ("user", "seed", "--count", "2", "--tokens", "tokens"), ("verify",)):
            done = self.run_with(*command, DATABASE=own.url.replace("shop@", "keeper:sesame@"))
            self.assertEqual(0, done.returncode, done.stderr)

    # --- settings that do not fit together ---------------------------------------------------------
    def test_one_of_the_two_settings_alone(self):
        for missing in ("DATABASE", "REDIS"):
            self.refused(r"^SCALEMART_DATABASE and SCALEMART_REDIS: only one is shared; allowed is both or neither$",
                         commands=("serve", "worker", "product list", "doctor", "verify", "migrate"), doctor=False,
                         **{missing: None})

    def test_unknown_schemes(self):
        self.refused(r'^SCALEMART_DATABASE: "mysql://h/s" is not allowed; allowed is embedded:, postgresql://', doctor=False,
                     DATABASE="mysql://h/s")
        self.refused(r'^SCALEMART_REDIS: "http://h" is not allowed; allowed is redis://host, redis\+sentinel://', doctor=False,
                     REDIS="http://h")

    def test_a_shared_shop_needs_a_common_secret(self):
        self.refused(r"^SCALEMART_JWT_SECRET is not set: the processes of a shared shop must have the same; e\.g\. from: "
                     r"openssl rand -base64 48$", commands=("serve", "product list"), JWT_SECRET=None)

    def test_gateways_that_deal_products_out_differently(self):
        first = shop.Shop(DATABASE=self.database.url, REDIS=self.redis.url, JWT_SECRET=fleet.SECRET, PARTITIONS=8)
        self.addCleanup(first.close)
        self.refused(r"^SCALEMART_PARTITIONS is 4 here and 8 at the gateway [^ ]+: it must be the same everywhere; stop all "
                     r"gateways to change it$", commands=("serve",))

    # --- Redis -------------------------------------------------------------------------------------
    def test_a_redis_of_another_shop(self):
        """The first gateway makes it its shop's; gateways, workers and commands of another one say so and end."""
        line = r"^SCALEMART_REDIS: this Redis belongs to another shop than the database; give each shop a Redis of its own"
        first = self.gateway()
        self.assertEqual(0, first.stop())
        again, second = self.gateway(), self.gateway()
        for gateway in (again, second):
            self.assertEqual(0, gateway.stop(), "the same shop comes back, and another gateway of it")
        self.assertEqual((0, "[]\n"), (lambda d: (d.returncode, d.stdout))(self.run_with("product", "list", "--json")))
        self.database.sql("DROP SCHEMA scalemart CASCADE")
        self.refused(line)
        self.redis.say("FLUSHALL")
        another = self.gateway()
        self.assertEqual(0, another.stop(), "once it is empty it may be anybody's")

    def test_a_crowd_of_first_gateways(self):
        """All of one shop begin at once, on a database and a Redis that know nothing yet."""
        gateways = [self.gateway(wait=False) for _ in range(4)]
        for gateway in gateways:
            shop.wait_until(gateway.is_ready, 30, what=gateway.log_tail)
        names = self.database.sql("SELECT json FROM scalemart.settings WHERE key = 'shop_id'")
        self.assertEqual(1, len(str(names).split()), names)
        for gateway in gateways:
            self.assertEqual(0, gateway.stop())

    def gateway(self, wait=True):
        made = shop.Shop(start=False, DATABASE=self.database.url, REDIS=self.redis.url, JWT_SECRET=fleet.SECRET, PARTITIONS="4",
                         ADMIN_EMAIL=None, ADMIN_PASSWORD=None)
        self.addCleanup(made.close)
        made.start(60) if wait else made.spawn()
        return made

    def test_an_old_redis(self):
        with OldRedis("6.2.14") as old:
            self.refused(r"^SCALEMART_REDIS: .*Redis 6\.2\.14 is too old: 7\.0 or later is needed", REDIS=old.url)
            old.shutdown()

    def test_a_redis_that_forgets_at_will(self):
        self.assertEqual(b"+OK", self.redis.say("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"))
        self.refused(r"^SCALEMART_REDIS: .*maxmemory-policy is allkeys-lru, .*: CONFIG SET maxmemory-policy noeviction, and the "
                     r"same in redis\.conf$")

    def users(self, without=()):
        """The users of `scalemart redis acl`, each with a password; the shop's without some of its rights."""
        for line in self.run_with("redis", "acl").stdout.splitlines():
            _, name, _, rules = line.split(" ", 3)
            if name in ("scalemart", "scalemart-setup"):
                rules = [rule for rule in rules.removeprefix("resetpass ").split() if rule not in without]
                self.assertEqual(b"+OK", self.redis.say("ACL", "SETUSER", name, "on", ">sesame", *rules), rules)
        return self.redis.url.replace("//", "//scalemart:sesame@")

    def test_a_missing_right(self):
        loaded = self.run_with("redis", "load")
        self.assertEqual(0, loaded.returncode, loaded.stderr)
        for right in ("+xadd", "+publish", "+fcall|scalemart_v1_settle", "+fcall_ro|scalemart_v1_hello", "~scalemart:*"):
            with self.subTest(right):
                self.refused(r"^SCALEMART_REDIS: .*; give the user the rights of deploy/redis/users\.acl$",
                             REDIS=self.users([right]))
            self.redis.say("ACL", "DELUSER", "scalemart")
        self.assertEqual(0, self.run_with("product", "list", REDIS=self.users()).returncode)

    def test_an_administrator_loads_the_functions(self):
        url = self.users()
        self.refused(r"^SCALEMART_REDIS: .*the function library scalemart_v1 [0-9a-f]+ is not loaded and this user may not load "
                     r"it .*: load it with an administrator's user \(scalemart redis load\), and let Redis keep it on disk \(appendonly yes\)$",
                     REDIS=url)
        done = self.run_with("redis", "load", self.redis.url.replace("//", "//scalemart-setup:sesame@"), REDIS=None, DATABASE=None)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertRegex(done.stdout, r"\A127\.0\.0\.1:\d+: scalemart_v1 [0-9a-f]{16} is there\n\Z")
        self.assertEqual(0, self.run_with("product", "list", REDIS=url).returncode)
        self.assertEqual(shop.EXIT_CANNOT_RUN, self.run_with("redis", "load", "redis://127.0.0.1:1").returncode)
        self.assertEqual(shop.EXIT_USAGE, self.run_with("redis", "load", "http://h").returncode)

    # --- the database ------------------------------------------------------------------------------
    def test_a_database_without_an_index(self):
        self.assertEqual(0, self.run_with("product", "list").returncode)
        self.database.sql("DROP INDEX scalemart.orders_due_index")
        self.refused(r"^SCALEMART_DATABASE: PostgreSQL: the index orders_due_index is missing: restore it before the sale$")

    def test_tables_of_another_version(self):
        self.assertEqual(0, self.run_with("product", "list").returncode)
        self.database.sql("UPDATE scalemart.schema_parts SET version = 99 WHERE part = 'accounts'")
        self.refused(r"^SCALEMART_DATABASE: PostgreSQL: the tables of 'accounts' have version 99, this program knows \d+: start "
                     r"a newer program$")

    def test_older_tables(self):
        """Brought up to date by whoever may; from a version that cannot be, they stay as they are."""
        self.assertEqual(0, self.run_with("product", "list").returncode)
        self.database.sql("DELETE FROM scalemart.schema_parts WHERE part = 'archive';"
                          "DROP INDEX scalemart.orders_product_index, scalemart.orders_ended_index,"
                          " scalemart.orders_ended_of_index")
        done = json.loads(self.run_with("doctor", "--json").stdout)
        self.assertRegex(next(c["detail"] for c in done["checks"] if c["check"] == "database_tables"), "'archive'")
        self.assertEqual(0, self.run_with("product", "list").returncode)
        self.assertEqual(0, self.run_with("doctor").returncode)
        self.database.sql("UPDATE scalemart.schema_parts SET version = 0 WHERE part = 'accounts'")
        self.refused(r"already exists; the tables of 'accounts' were left as they were$", doctor=False)

    def test_settings_of_the_database_that_lose_orders(self):
        self.database.sql("ALTER ROLE shop SET synchronous_commit = off")
        self.addCleanup(self.database.sql, "ALTER ROLE shop RESET synchronous_commit")
        self.refused(r"synchronous_commit is off: a yes would not be durable\. Set synchronous_commit = on$")

    def test_a_standby_that_is_not_synchronous(self):
        self.refused(r"a synchronous standby is asked for, but synchronous_standby_names is empty: name it there, or do not ask "
                     r"for one$", DATABASE_COPIES=2)
        own = postgresql_server.PostgresServer()
        self.addCleanup(own.remove)
        own.start()
        standby = own.make_standby()
        self.addCleanup(standby.remove)
        settings = dict(DATABASE=own.url, DATABASE_COPIES=2)
        self.assertEqual(0, self.run_with("product", "list", **settings).returncode)
        own.sql("ALTER SYSTEM SET synchronous_standby_names = 'another'", "postgres")
        own.sql("SELECT pg_reload_conf()", "postgres")
        self.refused(r"no standby is synchronous: those connected are not in synchronous_standby_names \(another\)$",
                     doctor=False, **settings)
        standby.stop()
        self.refused(r"a synchronous standby is asked for, but none is connected \(another\)$", doctor=False, **settings)

    # --- commands that are not for a shared shop ---------------------------------------------------
    def test_backups_are_the_database_s_own(self):
        for command in (("backup", os.path.join(self.folder.name, "b")), ("restore", self.folder.name)):
            done = self.run_with(*command)
            self.assertEqual((shop.EXIT_NO, ""), (done.returncode, done.stdout))
            self.assertRegex(done.stderr, r"\Ascalemart: a shared shop is in its database, which has tools for that: .*pg_dump.*"
                                          r"mongodump[^\n]*\[shared_shop\]\n\Z")
        done = self.run_with("key", "rotate")
        self.assertEqual(shop.EXIT_NO, done.returncode)
        self.assertIn("comes from the configuration", done.stderr)


if __name__ == "__main__":
    fleet.main()
