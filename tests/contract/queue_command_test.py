"""`scalemart queue`: beside a server, without one, in a terminal; and workers that find their own concurrency."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import shop
from shop import EXIT_CANNOT_RUN, EXIT_DONE, EXIT_NO, EXIT_USAGE
from wire import wait_until
from worker import Worker


class Queue(shop.ShopTest):
    def queue(self, *arguments, expect=EXIT_DONE, of=None):
        done = (of or self.shop).cli("queue", *arguments, "--json", expect=expect)
        return json.loads(done.stdout) if done.stdout else None

    def buy(self, count, of=None, product=None):
        of = of or self.shop
        buyer, thing = of.register(), product or of.product(total=count)
        orders = []
        for _ in range(count):
            answer = buyer.buy(thing)
            self.assertEqual(200, answer.status, answer)
            orders.append(answer.data["order_id"])
        return buyer, thing, orders


class BesideAServer(Queue):
    settings = {"PAYMENT": "simulated:?latency=20ms", "RATE_LIMIT_FLASH_BUY": "off"}

    def test_its_figures_are_those_of_the_console_and_of_prometheus_at_rest(self):
        self.shop.pause_queue()
        buyer, _, orders = self.buy(7)
        said = wait_until(lambda: (q := self.queue("list"))["depth"] == 7 and q, what="seven wait")
        console, metrics = self.shop.admin.get("/api/admin/queue").data, self.shop.metrics()
        self.assertTrue(said["paused"])
        stages = {s["stage"]: s for s in said["stages"]}
        for other in console["stages"]:
            mine = stages[other["stage"]]
            for name in ("depth", "waiting", "delayed", "in_flight", "finished"):
                self.assertEqual(other[name], mine[name], (other["stage"], name))
            self.assertEqual(metrics[f'scalemart_queue_depth{{stage="{other["stage"]}"}}'], mine["depth"])
            age = metrics[f'scalemart_queue_oldest_age_seconds{{stage="{other["stage"]}"}}']
            self.assertAlmostEqual(age, mine["oldest_age_seconds"], delta=2)
        self.assertGreater(stages["payment"]["oldest_age_seconds"], 0)
        self.assertEqual(metrics["scalemart_dead_letters"], said["dead_letters"])
        self.assertEqual(metrics['scalemart_worker_concurrency{place="server"}'], sum(w["concurrency"] for w in said["workers"]))
        self.shop.resume_queue()
        for order in orders:
            buyer.wait_for(order, "confirmed")
        after = wait_until(lambda: (q := self.queue("list"))["stages"][3]["finished"] >= 7 and q, what="all mails are sent")
        self.assertEqual(0, sum(s["depth"] for s in after["stages"]))
        metrics = self.shop.metrics()
        for stage in after["stages"]:
            self.assertEqual(metrics[f'scalemart_fulfilment_attempts_total{{stage="{stage["stage"]}",result="done"}}'],
                             stage["finished"])
            self.assertEqual(0, metrics[f'scalemart_queue_depth{{stage="{stage["stage"]}"}}'])

    def test_pause_show_resume(self):
        self.assertEqual({"paused": True}, self.queue("pause"))
        buyer, thing, (order,) = self.buy(1)
        shown = self.queue("show", order)
        self.assertEqual((order, "pending", thing), tuple(shown["order"][n] for n in ("id", "status", "product_id")))
        self.assertEqual({"where": "waiting", "step": "payment", "attempts": 0}, shown["place"])
        self.assertIn("waits for a worker", self.shop.cli("queue", "show", order).stdout)
        self.assertIn("queue paused", self.shop.cli("queue", "list").stdout)
        self.assertEqual({"paused": False}, self.queue("resume"))
        buyer.wait_for(order, "confirmed")
        ended = wait_until(lambda: (s := self.queue("show", order))["place"]["where"] == "nowhere" and len(s["steps"]) >= 3 and s,
                           what="its steps are kept")
        self.assertEqual({"confirm", "invoice", "mail"}, {step["step"] for step in ended["steps"]})
        self.assertEqual(["pending", "processing", "confirmed"], [h["status"] for h in ended["order"]["history"]])
        trail = [(row["who"], row["what"]) for row in self.shop.admin.get("/api/admin/audit?limit=50").data]
        self.assertIn(("operator", "queue_paused"), trail)
        self.assertIn(("operator", "queue_resumed"), trail)

    def test_concurrency_and_bounds(self):
        self.assertEqual({"worker": "worker-1", "min": 5, "max": 50}, self.queue("concurrency", "worker-1", "5..50"))
        worker = self.shop.admin.get("/api/admin/workers").data[0]
        self.assertEqual((5, 50), tuple(worker[n] for n in ("concurrency_min", "concurrency_max")))
        self.assertIn(worker["concurrency"], range(5, 51), "from the upper bound down as soon as there is nothing to do")
        self.assertRegex(self.shop.cli("queue", "list").stdout, r"\b\d+ \(5\.\.50\)")
        self.assertEqual({"worker": "worker-1", "concurrency": 10000}, self.queue("concurrency", "worker-1", "10000"))
        self.assertIn("not_found", json.dumps(self.queue("concurrency", "nobody", "5", expect=EXIT_NO)))
        for wrong in ("0", "5..1", "many", "100001", "1..", "-3"):
            with self.subTest(wrong=wrong):
                self.shop.cli("queue", "concurrency", "worker-1", wrong, expect=EXIT_USAGE)
        put = lambda body: self.shop.admin.send("PUT", "/api/admin/workers/worker-1", body)
        self.assertEqual({"id": "worker-1", "concurrency": 20, "min": 2, "max": 20}, put({"min": 2, "max": 20}).data)
        for body in ({"min": 2}, {"max": 2}, {"min": 3, "max": 2}, {"concurrency": 3, "min": 1, "max": 2}, {}, {"min": 0, "max": 2}):
            with self.subTest(body=body):
                self.assertError(put(body), 422, "validation_error")
        self.assertEqual(200, put({"concurrency": 10000}).status)

    def test_wrong_use(self):
        nobody = "01M81M21ZBEZVTPZG50S97QFBW"
        rows = [(["show", "no-order"], EXIT_USAGE), (["show", nobody], EXIT_NO), (["show"], EXIT_USAGE), ([], EXIT_USAGE),
                (["retry"], EXIT_USAGE), (["retry", nobody], EXIT_NO), (["discard", nobody, "--all"], EXIT_USAGE),
                (["retry", nobody, "--reason", "x"], EXIT_USAGE), (["retry", "--all"], EXIT_USAGE),
                (["retry", "--all", "--yes", "--step", "packing"], EXIT_USAGE), (["list", "--product", "no-such-thing"], EXIT_NO),
                (["list", "--limit", "0"], EXIT_USAGE), (["list", "--limit", "1001"], EXIT_USAGE), (["watch", "--every", "1ms"], EXIT_USAGE)]
        for arguments, code in rows:
            with self.subTest(arguments=arguments):
                self.shop.cli("queue", *arguments, expect=code)
        for sub in ("list", "show", "retry", "discard", "pause", "resume", "concurrency", "watch"):
            self.assertIn("--help", self.shop.cli("queue", sub, "--help").stdout)


class DeadLetters(Queue):
    settings = {"PAYMENT": "simulated:?latency=0s&reject=100%", "RATE_LIMIT_FLASH_BUY": "off"}

    def test_listed_filtered_retried_and_discarded_also_without_a_server(self):
        buyer, lamp, lamps = self.buy(3)
        _, mug, mugs = self.buy(2)
        wait_until(lambda: self.queue("list")["dead_letters"] == 5, what="five are dead")
        ids = lambda *filters: {letter["order_id"] for letter in self.queue("list", *filters)["letters"]}
        self.assertEqual(set(lamps), ids("--product", lamp))
        self.assertEqual(set(lamps + mugs), ids("--reason", "rejected", "--step", "payment"))
        self.assertEqual(set(), ids("--reason", "no such reason"))
        limited = self.queue("list", "--limit", "2")
        self.assertEqual((2, 3), (len(limited["letters"]), limited["letters_remaining"]))
        shown = self.queue("show", lamps[0])["place"]
        self.assertEqual(("dead_letter", "payment", 1), (shown["where"], shown["step"], shown["attempts"]))
        self.assertIn("rejected", shown["reason"])
        worker = self.queue("list")["workers"][0]
        self.assertIn("rejected", worker["last_error"])
        text = self.shop.cli("queue", "list", "--product", mug).stdout
        self.assertIn("dead letters: 5, 2 as asked for", text)
        self.assertIn(mugs[0], text)
        # one and several; what fails says so
        done = self.queue("discard", *mugs)
        self.assertEqual((2, 0), (done["done"], done["failed"]))
        wait_until(lambda: self.shop.stock(mug) == (2, 0, 0, 2), what="its units came back")
        self.assertEqual((0, 2), tuple(self.queue("discard", *mugs, expect=EXIT_NO)[n] for n in ("done", "failed")))
        self.assertEqual(1, self.queue("retry", lamps[0])["done"])
        wait_until(lambda: self.queue("list")["dead_letters"] == 3, what="it is dead again")
        # without a server: shown, retried, not paused; what it did is there when the server is back
        self.shop.stop()
        said = self.queue("list")
        self.assertEqual((3, 0), (said["dead_letters"], len(said["workers"])))
        self.assertEqual("dead_letter", self.queue("show", lamps[1])["place"]["where"])
        self.assertIn("no server runs here", json.dumps(self.queue("pause", expect=EXIT_NO)))
        self.assertEqual(2, self.queue("retry", lamps[1], lamps[2])["done"])
        self.assertEqual((1, 2), (self.queue("list")["dead_letters"], self.queue("list")["depth"]))
        self.assertEqual("waiting", self.queue("show", lamps[1])["place"]["where"])
        self.shop.configure(PAYMENT="simulated:?latency=0s")
        self.shop.start()
        for order in lamps[1:]:
            buyer.wait_for(order, "confirmed")
        done = self.queue("retry", "--all", "--reason", "rejected", "--yes")
        self.assertEqual((1, 0, 0), (done["done"], done["failed"], done["remaining"]))
        buyer.wait_for(lamps[0], "confirmed")
        self.assertEqual(0, self.queue("retry", "--all", "--yes")["done"])
        self.assertEqual(0, self.shop.verify()["drift"])


class Terminal:
    """`scalemart queue ...` in a terminal of its own."""

    def __init__(self, of, *arguments, rows=24, columns=80, **env):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.slave, self.text = slave, ""
        environment = {**of.environment(), "TERM": "xterm-256color", **env}
        self.process = subprocess.Popen([shop.BINARY, *arguments], env=environment, stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True, cwd=of.root)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, patience=0.05):
        while select.select([self.master], [], [], patience)[0]:
            self.text += os.read(self.master, 65536).decode(errors="replace")
        return self.text

    def screen(self):
        """The lines of the last whole picture."""
        pictures = self.read().split("\x1b[?2026h\x1b[H")
        whole = [p for p in pictures[1:] if "\x1b[?2026l" in p]
        if not whole:
            return []
        lines = whole[-1].split("\x1b[?2026l")[0].split("\n")
        return [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", line) for line in lines]

    def press(self, keys):
        os.write(self.master, keys.encode())

    def shows(self, words, patience=10):
        return wait_until(lambda: words in "\n".join(self.screen()), patience, what=lambda: f"{words!r} in\n" + "\n".join(self.screen()))

    def end(self, patience=10):
        code = self.process.wait(patience)
        self.read()
        return code

    def is_restored(self):
        return termios.tcgetattr(self.slave) == self.before and self.text.rstrip().endswith("\x1b[?1049l")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class Watching(Queue):
    settings = {"PAYMENT": "simulated:?latency=0s&reject=100%", "RATE_LIMIT_FLASH_BUY": "off"}

    def terminal(self, *arguments, **more):
        made = Terminal(self.shop, "queue", *arguments, **more)
        self.addCleanup(made.close)
        return made

    def test_a_terminal_is_drawn_on_steered_and_given_back(self):
        _, _, orders = self.buy(2)
        wait_until(lambda: self.queue("list")["dead_letters"] >= 2, what="two are dead")
        screen = self.terminal("watch", "--every", "200ms")
        screen.shows("Dead letters: 2")
        lines = screen.screen()
        self.assertEqual(24, len(lines))
        self.assertLessEqual(max(map(len, lines)), 80)
        for words in ("ScaleMart queue", "running", "worker-1", "payment", "confirmed/s", orders[0], "quit"):
            screen.shows(words)
        screen.press("p")
        screen.shows("paused")
        self.assertTrue(self.queue("list")["paused"])
        screen.press("p")
        wait_until(lambda: not self.queue("list")["paused"], what="it goes on")
        screen.press("r")
        screen.shows("Retry 2 dead letters? y/n")
        screen.press("n")
        screen.shows("Nothing was done.")
        screen.press("r")
        screen.shows("Retry 2 dead letters? y/n")
        screen.press("y")
        screen.shows("2 will be tried again.")
        screen.resize(12, 50)
        os.kill(screen.process.pid, signal.SIGWINCH)
        wait_until(lambda: len(screen.screen()) == 12 and max(map(len, screen.screen())) <= 50, what="it fits")
        screen.press("q")
        self.assertEqual(EXIT_DONE, screen.end())
        self.assertTrue(screen.is_restored())

    def test_any_end_gives_the_terminal_back(self):
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            screen = self.terminal("watch")
            screen.shows("ScaleMart queue")
            screen.process.send_signal(sig)
            self.assertEqual(EXIT_DONE, screen.end(), sig)
            self.assertTrue(screen.is_restored(), sig)
        counted = self.terminal("watch", "--every", "100ms", "--count", "2")
        self.assertEqual(EXIT_DONE, counted.end())
        self.assertTrue(counted.is_restored())

    def test_without_a_terminal_it_writes_lines(self):
        lines = self.shop.cli("queue", "watch", "--every", "100ms", "--count", "3").stdout.splitlines()
        self.assertEqual(3, len(lines))
        for line in lines:
            self.assertRegex(line, r"^\d\d:\d\d:\d\d running: .*dead letters \d+$")
        said = [json.loads(l) for l in self.shop.cli("queue", "watch", "--every", "100ms", "--count", "2", "--json").stdout.splitlines()]
        self.assertEqual([True, True], ["stages" in look for look in said])
        dumb = self.terminal("watch", "--every", "100ms", "--count", "1", TERM="dumb")
        dumb.end()
        self.assertNotIn("\x1b", dumb.text)
        plain = self.terminal("watch", "--every", "100ms", "--count", "2", NO_COLOR="1")
        plain.end()
        self.assertNotRegex(plain.text, "\x1b\\[(1;)?3\\d")

    def test_a_retry_of_all_asks_back_at_a_terminal(self):
        _, _, (order,) = self.buy(1)
        wait_until(lambda: self.queue("list")["dead_letters"] >= 1, what="one is dead")
        named = self.terminal("discard", order)
        wait_until(lambda: "Discard 1 dead letter? [y/N]" in named.read(), what="it asks")
        named.press("\n")
        self.assertEqual(EXIT_NO, named.end())
        asked = self.terminal("discard", "--all")
        wait_until(lambda: "? [y/N]" in asked.read(), what="it asks")
        asked.press("n\n")
        self.assertEqual(EXIT_NO, asked.end())
        self.assertIn("nothing was done", asked.text)
        asked = self.terminal("discard", "--all")
        wait_until(lambda: "? [y/N]" in asked.read(), what="it asks")
        asked.press("y\n")
        self.assertEqual(EXIT_DONE, asked.end())
        wait_until(lambda: self.queue("list")["dead_letters"] == 0, what="none is left")

    def test_a_server_that_goes_away_is_waited_for(self):
        mine = self.own_shop()
        screen = Terminal(mine, "queue", "watch", "--every", "200ms")
        self.addCleanup(screen.close)
        screen.shows("running")
        mine.stop()
        screen.shows("no answer")
        mine.start()
        screen.shows("running")
        screen.press("q")
        self.assertEqual(EXIT_DONE, screen.end())


class Scaling(Queue):
    def test_workers_grow_with_a_surge_inside_and_outside_of_the_server(self):
        for inside in (1, 0):
            with self.subTest(inside=inside):
                mine = self.own_shop(WORKERS=inside, WORKER_CONCURRENCY="4..64", PAYMENT="simulated:?latency=500ms",
                                     RATE_LIMIT_FLASH_BUY="off")
                if not inside:
                    worker = Worker(mine, "outside", "--concurrency", "4..64")
                    self.addCleanup(worker.stop)
                    worker.wait_until_there()
                view = lambda m=mine: m.admin.get("/api/admin/workers").data[0]
                self.assertEqual((4, 4, 64), tuple(view()[n] for n in ("concurrency", "concurrency_min", "concurrency_max")))
                buyer, _, orders = self.buy(250, of=mine)
                wait_until(lambda m=mine: m.admin.get("/api/admin/queue").data["depth"] > 100, what="they wait")
                begun, most = time.monotonic(), 0
                while mine.admin.get("/api/admin/queue").data["depth"] > 0:
                    now = view()
                    most = max(most, now["concurrency"])
                    self.assertTrue(4 <= now["concurrency"] <= 64 and now["in_flight"] <= 64, now)
                    self.assertLess(time.monotonic() - begun, 25, "at four a time it would take 31 s")
                    time.sleep(0.1)
                self.assertGreater(most, 8)
                place = "server" if inside else "process"
                self.assertGreater(mine.metrics()[f'scalemart_worker_concurrency{{place="{place}"}}'], 8)
                buyer.wait_for(orders[-1], "confirmed")
                at = lambda m=mine: m.admin.get("/api/admin/history?step=1").data["workers"]["concurrency"]
                wait_until(lambda: max(v or 0 for v in at()) == most or max(v or 0 for v in at()) > 8, what="it is in the history")
                mine.restart()
                self.assertGreater(max(v or 0 for v in at()), 8, "also after a restart")

    def test_wrong_bounds_stop_a_start(self):
        for wrong in ("5..1", "0..5", "x", "1..100001", ".."):
            with self.subTest(wrong=wrong):
                mine = shop.Shop(start=False, WORKER_CONCURRENCY=wrong)
                self.addCleanup(mine.close)
                done = mine.run("serve")
                self.assertEqual(EXIT_CANNOT_RUN, done.returncode)
                self.assertIn("SCALEMART_WORKER_CONCURRENCY", done.stderr)
                self.assertIn("10..2000", done.stderr)


del Queue  # a base without tests of its own

if __name__ == "__main__":
    shop.main()
