"""The servers of a cluster fail over as they should, without a shop in front of them."""
import contextlib
import json
import time
import unittest

import fleet
from cluster import resp, table
from cluster.machine import Problem, birth, processes_in
from fleet import ClusterTest

fleet.need("redis", "postgresql")


class Sentinel(ClusterTest):
    def test_a_dead_master_is_replaced_and_comes_back_as_a_replica(self):
        redis = (cluster := self.cluster(gateways=0)).redis
        old = redis.master()
        self.assertEqual("redis-1", old.name)
        redis.say(old, "SET", "scalemart:test", "kept")
        redis.say(old, "WAIT", 2, 1000)
        self.assertEqual([old], cluster.kill("redis-master"))
        self.eventually(lambda: redis.master() is not old and redis.info(redis.master()).get("role") == "master")
        new = redis.master()
        self.assertEqual("kept", redis.say(new, "GET", "scalemart:test"))
        self.assertIn("scalemart_v1", str(redis.say(new, "FUNCTION", "LIST")), "functions are replicated")
        cluster.start(old.name)
        self.eventually(lambda: redis.info(cluster.store.members[old.name]).get("master_link_status") == "up")
        self.assertEqual("slave", redis.info(cluster.store.members[old.name])["role"])

    def test_all_of_redis_dies_and_comes_back_with_its_functions(self):
        redis = (cluster := self.cluster(gateways=0)).redis
        self.assertEqual(3, len(cluster.kill("redis")))
        self.assertEqual(3, len(cluster.start("redis")))
        self.eventually(lambda: redis.info(redis.master()).get("connected_slaves") == "2")
        self.assertIn("scalemart_v1", str(redis.say(redis.master(), "FUNCTION", "LIST")))

    def test_users_may_do_what_is_theirs_alone(self):
        redis = (cluster := self.cluster(gateways=0)).redis
        master, store = redis.master(), cluster.store
        shop = ("scalemart", store.secret("redis_shop"))
        self.assertEqual("PONG", resp.say(master.host, master.port, "PING", login=shop))
        for command in (("FLUSHALL",), ("CONFIG", "GET", "*"), ("EVAL", "return 1", 0), ("GET", "other")):
            with self.assertRaises(resp.RedisError, msg=command) as refused:
                resp.say(master.host, master.port, *command, login=shop)
            self.assertIn("NOPERM", str(refused.exception))
        with self.assertRaises(resp.RedisError):
            resp.say(master.host, master.port, "PING")
        self.assertEqual(["maxmemory-policy", "noeviction"], redis.say(master, "CONFIG", "GET", "maxmemory-policy"))


class RedisCluster(ClusterTest):
    def test_a_dead_master_is_replaced_by_its_replica(self):
        redis = (cluster := self.cluster(gateways=0, redis="cluster")).redis
        old = redis.servers[0]
        self.assertEqual([old], cluster.kill("redis-master"))
        self.eventually(lambda: redis.info(redis.servers[3]).get("role") == "master")
        cluster.start(old.name)
        self.eventually(lambda: redis.info(cluster.store.members[old.name]).get("role") == "slave")
        state = resp.fields(redis.say(redis.servers[3], "CLUSTER", "INFO"))
        self.assertEqual(("ok", "16384"), (state["cluster_state"], state["cluster_slots_ok"]))


class Postgres(ClusterTest):
    def setUp(self):
        self.fleet = self.cluster(gateways=0)
        self.database = self.fleet.database
        self.database.sql(self.database.primary(), "CREATE TABLE t (n int)", "shop")

    def insert(self, number):
        """As soon as there is a primary; one that has just started may be a moment away."""
        def inserted():
            with contextlib.suppress(Problem):
                self.database.sql(self.database.primary(), f"INSERT INTO t SELECT {number} WHERE NOT EXISTS (SELECT FROM t WHERE n = {number})", "shop", patience=20)
                return True
        self.eventually(inserted, 40, "a row is written")

    def rows(self):
        return [int(n) for n in self.database.sql(self.database.primary(), "SELECT n FROM t ORDER BY n", "shop").split()]

    def until_promoted(self, old):
        self.eventually(lambda: self.database.primary().name != old, 30, "the standby is promoted")

    def test_the_standby_takes_the_place_of_a_dead_primary_and_nothing_is_lost(self):
        self.insert(1)
        (dead,) = self.fleet.kill("postgres-primary")
        self.until_promoted(dead.name)
        self.insert(2)
        self.assertEqual([1, 2], self.rows())
        self.fleet.start(dead.name)
        self.assertEqual("synchronous standby", self.database.role(self.fleet.store.members[dead.name]))
        self.insert(3)
        # And once more, the other way round.
        (second,) = self.fleet.kill("postgres-primary")
        self.until_promoted(second.name)
        self.assertEqual([1, 2, 3], self.rows())

    def test_a_frozen_primary_is_killed_before_another_one_is_made(self):
        old = self.database.primary()
        old.freeze()
        self.until_promoted(old.name)
        self.assertIsNone(birth(old.pid), "it cannot wake up")
        self.assertEqual([], processes_in(old.folder + "/data"))
        self.insert(1)

    def test_a_standby_that_may_lack_something_is_not_promoted(self):
        (dead,) = self.fleet.kill("postgres-primary")
        self.until_promoted(dead.name)
        (second,) = self.fleet.kill("postgres-primary")
        with self.assertRaises(Problem) as refused:
            self.fleet.start(dead.name)
        self.assertIn(f"start that one first", str(refused.exception))
        self.assertEqual(second.name, self.database.primary().name)
        self.fleet.start("postgres")
        self.insert(1)

    def test_without_its_standby_nothing_is_acknowledged(self):
        self.fleet.kill("postgres-standby")
        with self.assertRaises(Problem):
            self.database.sql(self.database.primary(), "INSERT INTO t VALUES (1)", "shop", patience=1.5)
        self.fleet.start("postgres-standby")
        self.insert(2)


class Whole(ClusterTest):
    def test_down_leaves_nothing_behind_and_up_does_not_start_twice(self):
        cluster = self.cluster(gateways=0)
        with self.assertRaises(Problem):
            cluster.up(gateways=0)
        rows = table.rows(cluster)
        self.assertEqual(9, len(rows))
        self.assertTrue(all(row["pid"] for row in rows), json.dumps(rows))
        self.assertEqual(["master", "replica", "replica"], [row["is"] for row in rows[:3]])
        pids = [row["pid"] for row in rows]
        began = time.monotonic()
        cluster.down()
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual([], [pid for pid in pids if birth(pid)])
        self.assertEqual([], processes_in(cluster.store.folder + "/postgres-1/data"))

    def test_what_fails_at_the_start_is_ended_again(self):
        cluster = fleet.Cluster(self.folder(), redis_options=["no-such-option yes"])
        with self.assertRaises(Problem) as problem:
            cluster.up(gateways=0)
        self.assertIn("no-such-option", str(problem.exception))
        self.assertEqual([], [m.name for m in cluster.store.members.values() if m.is_alive()])

    def test_a_pid_that_is_somebody_elses_now_is_left_alone(self):
        cluster = self.cluster(gateways=0)
        member = cluster.store.members["redis-3"]
        member.kill()
        member.pid = cluster.store.members["redis-2"].pid  # as if the number had been given out again
        self.assertFalse(member.is_alive())
        member.kill()
        self.assertTrue(cluster.store.members["redis-2"].is_alive())


if __name__ == "__main__":
    unittest.main(verbosity=2)
