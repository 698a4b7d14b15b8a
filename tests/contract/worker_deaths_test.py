"""Workers that are killed, freeze, lose their server or drain: every order is settled, and charged, exactly once."""
import signal
import time

import shop
from wire import wait_until
from worker import WorkersTest


class Deaths(WorkersTest):
    latency = "1s"
    settings = {"WORKERS": 0, "WORKER_LEASE": "2s"}

    def test_a_killed_workers_orders_are_taken_over_at_once(self):
        victim = self.worker("victim").wait_until_there()
        orders = self.buy(100)
        self.in_flight(victim)
        victim.send(signal.SIGKILL)
        victim.wait()
        wait_until(lambda: victim.view() is None, what="it is not shown any more")
        self.worker("heir")
        self.assert_settled_once(orders)
        left = [l for l in self.shop.logs() if l["event"] == "worker_left" and l["worker"] == "victim"]
        self.assertEqual(1, len(left), left)
        self.assertIn(left[0]["reason"], ("the other end has gone", "Connection reset by peer"))

    def test_one_of_two_is_killed_again_and_again(self):
        self.worker("steady").wait_until_there()
        orders = self.buy(200)
        for i in range(4):
            victim = self.worker(f"victim-{i}").wait_until_there()
            time.sleep(0.3)
            victim.send(signal.SIGKILL)
            victim.wait()
        self.assert_settled_once(orders)

    def test_a_frozen_worker_loses_its_orders_and_is_good_again_when_it_wakes_up(self):
        frozen = self.worker("frozen").wait_until_there()
        orders = self.buy(50)
        self.in_flight(frozen)
        frozen.send(signal.SIGSTOP)
        self.worker("heir")
        self.assert_settled_once(orders)
        frozen.send(signal.SIGCONT)
        wait_until(lambda: frozen.events()["leases_lapsed"] == 1, what="it hears that its leases lapsed")
        wait_until(lambda: frozen.view()["lost_leases"] > 0 and frozen.view()["in_flight"] == 0, what="it gives them up")
        self.assertEqual(0, frozen.view()["confirmed"])
        self.assert_settled_once(self.buy(60))
        wait_until(lambda: frozen.view()["confirmed"] > 0, what="it works again")

    def test_workers_go_on_after_their_server_was_killed(self):
        workers = [self.worker(name).wait_until_there() for name in ("left", "right")]
        orders = self.buy(200)
        for times, sig in enumerate((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM), 1):
            time.sleep(0.4)
            self.shop.restart(sig)
            for worker in workers:
                wait_until(lambda w=worker, n=times: w.events()["joined"] == n + 1, what=f"{worker.name} is back")
        self.assert_settled_once(orders)
        for worker in workers:
            self.assertIsNone(worker.process.poll(), worker.text())
            self.assertEqual((3, 4), (worker.events()["server_lost"], worker.events()["joined"]))
        self.assert_settled_once(self.buy(20))


class Drain(WorkersTest):
    def test_sigterm_finishes_what_is_in_hand(self):
        worker = self.worker("tidy", PAYMENT=self.bank("1s")).wait_until_there()
        orders = self.buy(30)
        self.in_flight(worker)
        began = time.monotonic()
        self.assertEqual(0, worker.stop())
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual({"confirmed"}, {self.buyers[i % 4].order(o)["status"] for i, o in enumerate(orders)})
        self.assertIn('"event":"worker_stopped","given_back":0', worker.text())
        self.worker("other")  # for papers that were not begun
        self.assert_settled_once(orders)

    def test_what_does_not_end_in_time_is_given_back(self):
        slow = self.worker("slow", PAYMENT=self.bank("25s")).wait_until_there()
        orders = self.buy(30)
        self.in_flight(slow)
        began = time.monotonic()
        self.assertEqual(0, slow.stop())
        self.assertLess(time.monotonic() - began, 10)
        self.assertIn('"event":"worker_stopped","given_back":30', slow.text())
        self.worker("quick")
        self.assert_settled_once(orders)

    def test_a_second_signal_ends_the_wait(self):
        slow = self.worker("hasty", PAYMENT=self.bank("25s")).wait_until_there()
        orders = self.buy(5)
        self.in_flight(slow)
        began = time.monotonic()
        slow.send(signal.SIGTERM)
        wait_until(lambda: slow.events()["draining"] == 1)
        slow.send(signal.SIGTERM)
        self.assertEqual(0, slow.wait())
        self.assertLess(time.monotonic() - began, 5)
        self.worker("quick")
        self.assert_settled_once(orders)


del WorkersTest  # a base without tests of its own

if __name__ == "__main__":
    shop.main()
