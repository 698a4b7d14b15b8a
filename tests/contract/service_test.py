"""What a service manager asks of the program: readiness, a watchdog that means something, sockets and secrets handed over."""
import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import shop
from shop import EXIT_CANNOT_RUN, EXIT_DONE
from wire import Connection, wait_until

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17


class Manager:
    """The socket that NOTIFY_SOCKET names, and what came to it: lists of (time, {name: value})."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.told, self.ended = [], threading.Event()
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        while not self.ended.is_set():
            if select.select([self.socket], [], [], 0.05)[0]:
                text = self.socket.recv(4096).decode()
                self.told.append((time.monotonic(), dict(line.split("=", 1) for line in text.splitlines())))

    def close(self):
        self.ended.set()
        self.thread.join()
        self.socket.close()

    def has_told(self, **what):
        return [at for at, said in list(self.told) if what.items() <= said.items()]

    def wait_for(self, **what):
        return wait_until(lambda: self.has_told(**what), what=f"{what} among {self.told}")


class Frozen:
    """One thread of another process, standing still. Everything else in it goes on."""

    def __init__(self, pid, name):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        found = [task for task in os.listdir(f"/proc/{pid}/task") if self.name_of(pid, task) == name]
        assert found, f"no thread {name}: {[self.name_of(pid, t) for t in os.listdir(f'/proc/{pid}/task')]}"
        self.thread = int(found[0])

    @staticmethod
    def name_of(pid, task):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as file:
            return file.read().strip()

    def ptrace(self, request):
        if self.libc.ptrace(request, self.thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def __enter__(self):
        self.ptrace(PTRACE_SEIZE)
        self.ptrace(PTRACE_INTERRUPT)
        os.waitpid(self.thread, 0x40000000)  # __WALL: it has stopped
        return self

    def __exit__(self, *_):
        self.ptrace(PTRACE_DETACH)


class ServiceTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="scalemart-service-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.manager = Manager(self.folder)
        self.addCleanup(self.manager.close)

    def own_shop(self, start=True, **settings):
        os.environ["NOTIFY_SOCKET"] = self.manager.path  # the environment of what Shop starts
        self.addCleanup(os.environ.pop, "NOTIFY_SOCKET", None)
        made = shop.Shop(start=start, **settings)
        self.addCleanup(made.close)
        return made

    def set(self, name, value):
        os.environ[name] = value
        self.addCleanup(os.environ.pop, name, None)


class Notices(ServiceTest):
    def test_ready_reload_stop(self):
        one = self.own_shop(start=False, DRAIN_DELAY="1s")
        one.spawn()
        self.manager.wait_for(READY="1")
        self.assertTrue(one.is_ready(), "at that moment it answers")
        one.process.send_signal(signal.SIGHUP)
        reloading = self.manager.wait_for(RELOADING="1")[0]
        said = [said for at, said in self.manager.told if at == reloading][0]
        self.assertLess(abs(int(said["MONOTONIC_USEC"]) / 1e6 - reloading), 5)
        wait_until(lambda: len(self.manager.has_told(READY="1")) == 2, what="ready again after the reload")
        one.process.send_signal(signal.SIGTERM)
        one.ended = True
        stopping = self.manager.wait_for(STOPPING="1")[0]
        self.assertIsNone(one.process.poll(), "it says so before it is gone")
        said = [said for at, said in self.manager.told if at == stopping][0]
        self.assertEqual((1 + 7 + 30) * 1_000_000, int(said["EXTEND_TIMEOUT_USEC"]))
        self.assertEqual(EXIT_DONE, one.process.wait(15))
        self.assertEqual([], self.manager.has_told(WATCHDOG="1"), "nobody asked")

    def test_a_start_that_fails_is_never_ready(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            one = self.own_shop(start=False)
            one.port = taken.getsockname()[1]
            one.spawn()
            self.assertEqual(EXIT_CANNOT_RUN, one.process.wait(20))
            one.ended = True
        self.assertEqual([], self.manager.told)
        self.assertIn("port is in use", one.log_tail())

    def test_a_manager_that_is_gone_is_no_reason_to_fail(self):
        self.set("NOTIFY_SOCKET", os.path.join(self.folder, "nobody"))
        one = shop.Shop()
        self.addCleanup(one.close)
        wait_until(lambda: any(line["event"] == "service_manager_unreachable" for line in one.logs()))
        self.assertTrue(one.is_ready())

    def test_a_worker_says_it_too(self):
        one = self.own_shop(WORKERS=0)
        before = len(self.manager.has_told(READY="1"))
        self.set("WATCHDOG_USEC", "4000000")
        worker = subprocess.Popen([shop.BINARY, "worker", "--name", "night-1"], env=one.environment(), cwd=one.root,
                                  stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: len(self.manager.has_told(READY="1")) == before + 1)
            self.manager.wait_for(WATCHDOG="1")
            worker.terminate()
            self.manager.wait_for(STOPPING="1")
            self.assertEqual(EXIT_DONE, worker.wait(15))
        finally:
            if worker.poll() is None:
                worker.kill()
                worker.wait()


class Watchdog(ServiceTest):
    """With a time of 4 s it is fed every second, and not any more 2 s after something stood still."""

    def feeds_within(self, seconds):
        begun = time.monotonic()
        time.sleep(seconds)
        return [at for at in self.manager.has_told(WATCHDOG="1") if at >= begun]

    def test_it_is_fed_only_while_everything_turns(self):
        self.set("WATCHDOG_USEC", "4000000")
        one = self.own_shop()
        self.manager.wait_for(WATCHDOG="1")
        self.assertGreaterEqual(len(self.feeds_within(2.5)), 2)
        for thread in ("gateway-0", "sequencer"):
            with self.subTest(thread):
                with Frozen(one.process.pid, thread):
                    time.sleep(2.5)  # now it has stood still for long enough
                    self.assertEqual([], self.feeds_within(2.0), "main still runs, and feeds nothing")
                wait_until(lambda: self.feeds_within(0.3), 5, what="fed again")
        faults = [line for line in one.logs() if line["event"] == "watchdog_not_fed"]
        self.assertEqual(2, len(faults), faults)

    def test_it_is_fed_under_load(self):
        self.set("WATCHDOG_USEC", "4000000")
        one = self.own_shop(WORKERS=0)
        tokens, thing = one.seeds(8), one.product(total=10**6)
        until = time.monotonic() + 4

        def run(i):
            with one.connect() as c:
                n = 0
                while time.monotonic() < until:
                    n += 1
                    c.request("POST", "/api/flash-buy", {"product_id": thing}, token=tokens[i], key=f"k{n}")
        shop.in_parallel(len(tokens), run)
        fed = self.manager.has_told(WATCHDOG="1")
        self.assertGreaterEqual(len(fed), 3)
        self.assertLess(max(b - a for a, b in zip(fed, fed[1:])), 2)

    def test_somebody_elses_watchdog_is_not_fed(self):
        self.set("WATCHDOG_USEC", "200000")
        self.set("WATCHDOG_PID", "1")
        self.own_shop()
        self.manager.wait_for(READY="1")
        self.assertEqual([], self.feeds_within(0.5))


class Sockets(ServiceTest):
    """Listening sockets that were opened before."""

    def listening(self, family=socket.AF_INET, address="127.0.0.1"):
        made = socket.socket(family, socket.SOCK_STREAM)
        self.addCleanup(made.close)
        made.bind((address, 0))
        made.listen(128)
        return made

    def spawn(self, one, *sockets):
        """With these as descriptors 3 and on, as a service manager would."""
        def place():
            copies = [os.dup(s) for s in numbers]  # out of the way of 3, 4, ...
            for target, copy in enumerate(copies, 3):
                os.dup2(copy, target)
            os.environ["LISTEN_PID"] = str(os.getpid())
        numbers = [s.fileno() for s in sockets]
        environment = {**one.environment(), "LISTEN_FDS": str(len(sockets))}
        script = 'export LISTEN_PID=$$; exec "$0" serve'  # the shell becomes the program, under its number
        keep = tuple(range(3, 3 + len(sockets)))
        with open(one.log_path, "ab") as log:
            one.ended = False
            one.process = subprocess.Popen(["sh", "-c", script, shop.BINARY], env=environment, cwd=one.root, pass_fds=keep,
                                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, preexec_fn=place)
        return one

    def get(self, port, path="/readyz", host="127.0.0.1"):
        with Connection(port, host=host) as c:
            return c.request("GET", path).status

    def test_what_was_opened_before_is_served(self):
        first, second = self.listening(), self.listening(socket.AF_INET6, "::1")
        one = self.own_shop(start=False, THREADS=2)
        self.spawn(one, first, second)
        self.manager.wait_for(READY="1")
        for _ in range(5):
            self.assertEqual(200, self.get(first.getsockname()[1]))
            self.assertEqual(200, self.get(second.getsockname()[1], host="::1"))
        with self.assertRaises(ConnectionError, msg="SCALEMART_LISTEN is not listened on"):
            self.get(one.port)

    def test_nobody_is_refused_over_a_restart(self):
        """Who comes while no process runs waits in the socket for the next one."""
        held = self.listening()
        port = held.getsockname()[1]
        one = self.own_shop(start=False)
        self.spawn(one, held)
        self.manager.wait_for(READY="1")
        answers, ended = [], threading.Event()

        def ask():
            while not ended.is_set():
                answers.append(self.get(port, "/healthz"))
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for round_number in (2, 3):
                self.assertEqual(EXIT_DONE, one.stop())
                time.sleep(0.2)
                self.spawn(one, held)
                wait_until(lambda n=round_number: len(self.manager.has_told(READY="1")) == n)
                before = len(answers)
                wait_until(lambda n=before: len(answers) > n + 20)
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        self.assertEqual({200}, set(answers))

    def test_a_drained_process_does_not_spin(self):
        """Others hold the socket too: what waits in it must not keep waking who does not listen any more."""
        held = self.listening()
        one = self.own_shop(start=False, DRAIN_TIMEOUT="3s")
        self.spawn(one, held)
        self.manager.wait_for(READY="1")
        with Connection(held.getsockname()[1]) as stalled, socket.create_connection(held.getsockname()):
            stalled.send(b"GET /healthz HTTP/1.1\r\nHos")
            time.sleep(0.2)
            one.process.send_signal(signal.SIGTERM)
            one.ended = True
            self.manager.wait_for(STOPPING="1")
            with socket.create_connection(held.getsockname()):
                before = self.processor_time(one.process.pid)
                time.sleep(1.0)
                self.assertLess(self.processor_time(one.process.pid) - before, 0.5)
            self.assertEqual(EXIT_DONE, one.process.wait(15))

    @staticmethod
    def processor_time(pid):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_what_is_no_listening_socket_is_refused(self):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(udp.close)
        silent = socket.socket()
        self.addCleanup(silent.close)
        local = socket.socket(socket.AF_UNIX)
        self.addCleanup(local.close)
        local.bind(os.path.join(self.folder, "local"))
        local.listen()
        for wrong in (udp, silent, local):
            one = self.own_shop(start=False)
            self.spawn(one, self.listening(), wrong)
            self.assertEqual(EXIT_CANNOT_RUN, one.process.wait(20))
            one.ended = True
            self.assertIn("LISTEN_FDS: descriptor 4 is not a listening TCP socket", one.log_tail())
        self.assertEqual([], self.manager.has_told(READY="1"))


class Credentials(ServiceTest):
    """Files scalemart_NAME in $CREDENTIALS_DIRECTORY, as LoadCredential=scalemart:FOLDER makes them."""
    SECRET = "Rb8kQ1zR0Jm2-nobody-guesses-this-one-W7dyc4Lx"

    def credentials(self, **files):
        folder = os.path.join(self.folder, "credentials")
        os.makedirs(folder, exist_ok=True)
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.set("CREDENTIALS_DIRECTORY", folder)

    def test_secrets_come_from_files_of_the_manager(self):
        self.credentials(scalemart_jwt_secret=self.SECRET + "\n", scalemart_admin_password="Granite-under-heather-12\n", other="x")
        one = self.own_shop(ADMIN_PASSWORD=None)
        one.login(shop.ADMIN_EMAIL, "Granite-under-heather-12")
        self.assertFalse(os.path.exists(os.path.join(one.folder, "token.keys")), "the key is the one that was given")
        shown = one.cli("config").stdout
        self.assertRegex(shown, r"SCALEMART_JWT_SECRET=\S*  # credential jwt_secret")
        self.assertNotIn(self.SECRET, shown)

    def test_the_environment_goes_before_them(self):
        self.credentials(scalemart_jwt_secret=self.SECRET)
        one = self.own_shop(start=False, JWT_SECRET="another-one-" + self.SECRET)
        self.assertRegex(one.cli("config").stdout, r"SCALEMART_JWT_SECRET=\S*  # environment")

    def test_what_is_wrong_is_said(self):
        for name, text, said in (("scalemart_jwt_secrte", "x" * 40, "did you mean jwt_secret"),
                                 ("scalemart_workers", "2", "workers is not a setting that may hold a secret"),
                                 ("scalemart_jwt_secret", "", "SCALEMART_JWT_SECRET (credential jwt_secret)"),
                                 ("scalemart_jwt_secret", "short", "at least 32 bytes")):
            with self.subTest(name=name, text=text):
                shutil.rmtree(os.path.join(self.folder, "credentials"), ignore_errors=True)
                self.credentials(**{name: text})
                one = self.own_shop(start=False)
                done = one.cli("config", expect=EXIT_CANNOT_RUN)
                self.assertEqual(1, len(done.stderr.strip().splitlines()), done.stderr)
                self.assertIn(said, done.stderr)


if __name__ == "__main__":
    shop.main()
