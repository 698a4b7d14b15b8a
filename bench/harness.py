"""Starts and stops what bench/run.py measures: nginx, ScaleMart, wrk, scalemart rehearse. Loopback only."""
import contextlib
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
TOKENS = 120_000  # enough buyers that ten buys a minute each never run out under wrk
ADMIN = ("admin@example.com", "correct horse bench staple")


class section:
    @staticmethod
    def start(name, method):
        print(f"\n== {name}: {method}")

    @staticmethod
    def row(text):
        print("   " + text, flush=True)

    @staticmethod
    def end(text):
        print("   -> " + text, flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"{url} did not answer within {seconds} s")


class Nginx:
    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="scalemart-bench-nginx-")
        self.port = free_port()
        with open(os.path.join(HERE, "http", "nginx.conf.in"), encoding="utf-8") as template:
            text = template.read().replace("@DIR@", self.folder).replace("@PORT@", str(self.port))
        conf = os.path.join(self.folder, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(text)
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([program, "-c", conf, "-p", self.folder], stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{self.port}"
        wait_for(self.url)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


class Server:
    def __init__(self, bench, folder, workers, settings):
        self.bench, self.folder = bench, folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = dict(os.environ, SCALEMART_LISTEN=f"127.0.0.1:{self.port}", SCALEMART_DATA=folder,
                                SCALEMART_ADMIN_EMAIL=ADMIN[0], SCALEMART_ADMIN_PASSWORD=ADMIN[1],
                                SCALEMART_WORKERS=str(workers), SCALEMART_LOG="warn", **settings)
        self.process = None
        self.token = None

    def start(self):
        self.log = open(os.path.join(self.folder, "..", os.path.basename(self.folder) + ".log"), "a")
        self.process = subprocess.Popen([self.bench.binary, "serve"], env=self.environment, stderr=self.log)
        wait_for(self.url + "/readyz", 300)

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)
        if self.process:
            self.log.close()
        self.process = None

    def call(self, method, path, body=None, token=None):
        request = urllib.request.Request(self.url + path, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", "Bearer " + token)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def admin(self, method, path, body=None):
        if not self.token:
            self.token = self.call("POST", "/api/auth/login", {"email": ADMIN[0], "password": ADMIN[1]})["data"]["access_token"]
        return self.call(method, path, body, self.token)

    def create_product(self, product, total):
        self.admin("POST", "/api/admin/products", {"id": product, "name": "Bench", "total": total, "sale_price_minor": 1999})

    def metric(self, pattern):
        with urllib.request.urlopen(self.url + "/metrics", timeout=60) as answer:
            text = answer.read().decode()
        found = re.search("^" + pattern + r" ([0-9.e+]+)$", text, re.M)
        return float(found.group(1)) if found else 0.0

    def accepted(self):
        return int(self.metric(r'scalemart_buys_total\{outcome="accepted"\}'))

    def accepted_per_second(self, seconds):
        """Over the next `seconds`, of the load that is there; 0 for none."""
        if seconds <= 0:
            return 0.0
        begin, before = time.monotonic(), self.accepted()
        time.sleep(seconds)
        return (self.accepted() - before) / (time.monotonic() - begin)

    def verify(self):
        out = subprocess.run([self.bench.binary, "verify", "--json"], env=self.environment, stdout=subprocess.PIPE, check=False)
        return json.loads(out.stdout)

    def resident(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) * 1024

    def restart_timed(self):
        self.stop(signal.SIGKILL)
        begin = time.monotonic()
        self.start()
        return time.monotonic() - begin, self.resident()


class Bench:
    def __init__(self, binary, rounds, seconds):
        self.binary = os.path.abspath(binary)
        self.rounds, self.seconds = rounds, seconds
        self.root = tempfile.mkdtemp(prefix="scalemart-bench-", dir=os.environ.get("SCALEMART_BENCH_DIR"))
        self.machine = f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}"

    def __del__(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def print_machine(self):
        print(f"machine: {self.machine}; server, load generator and nginx share it")
        print(f"method: wrk -t2, {self.seconds} s a run, {self.rounds} pair(s) in turn, median; one process each; loopback")

    def nginx(self):
        return Nginx()

    @contextlib.contextmanager
    def server(self, workers=0, folder=None, **settings):
        folder = folder or tempfile.mkdtemp(dir=self.root)
        server = Server(self, folder, workers, settings)
        try:
            server.start()
            self.tokens = self.seed(server)
            yield server
        finally:
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def seed(self, server, count=TOKENS):
        """Buyers and their tokens; the first folder's are copied to the next ones by their key and accounts."""
        path = os.path.join(server.folder, "tokens.txt")
        if not os.path.exists(path):
            subprocess.run([self.binary, "user", "seed", "--count", str(count), "--tokens", path],
                           env=server.environment, check=True, stdout=subprocess.DEVNULL)
        return path

    def wrk(self, target, connections, seconds=None, kill_after=None):
        seconds = seconds or self.seconds
        environment = dict(os.environ, TOKENS=self.tokens_for(target), PRODUCT="bench", THREADS="2")
        command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", os.path.join(HERE, "http", "buy.lua"), target.url]
        if kill_after:
            command[3] = f"-d{seconds + 2}s"
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        if kill_after:
            time.sleep(seconds)
            kill_after.stop(signal.SIGKILL)
        return parse_wrk(process.communicate()[0])

    @contextlib.contextmanager
    def load(self, server, connections, seconds):
        """wrk beside the `with` block, for `seconds` at most; it ends with the block."""
        command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "-s", os.path.join(HERE, "http", "buy.lua"), server.url]
        process = subprocess.Popen(command, env=dict(os.environ, TOKENS=self.tokens_for(server), PRODUCT="bench", THREADS="2"),
                                   stdout=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(10)

    def tokens_for(self, target):
        if isinstance(target, Server):
            return os.path.join(target.folder, "tokens.txt")
        path = os.path.join(self.root, "tokens-of-the-same-shape.txt")  # nginx does not look at them
        if not os.path.exists(path):
            with open(path, "w", encoding="ascii") as file:
                for i in range(TOKENS):
                    file.write(f"{'eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9'}.{i:0220d}.{'s' * 43}\n")
        return path

    def rehearse(self, server, rate, connections, seconds, product="bench"):
        report = os.path.join(server.folder, "rehearsal.json")
        subprocess.run([self.binary, "rehearse", server.url, "--rate", str(rate), "--duration", f"{seconds}s",
                        "--connections", str(connections), "--tokens", self.tokens_for(server), "--product", product,
                        "--mix", "shoppers=100", "--no-follow", "--threads", "2", "--seed", str(self.next_seed()), "--json", report],
                       check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(report, encoding="utf-8") as file:
            return summary(json.load(file))

    def next_seed(self):
        """Another one each time: a crowd that repeats its keys would only be told what it has bought already."""
        self.seeds = getattr(self, "seeds", 0) + 1
        return self.seeds

    def rehearse_maximum(self, server, connections):
        """The highest rate answered within 5 % of what was asked, found by raising it by a quarter."""
        rate, best = 8_000, 4_000
        while True:
            report = self.rehearse(server, rate, connections, 3)
            if report["errors"] or report["per_second"] < 0.95 * rate or report["p99_ms"] > 500:
                return best
            best, rate = rate, int(rate * 1.25)

    def viewers(self, server, product, count, seconds):
        return self.beside("viewers.py", f"{server.url}/api/products/{product}/events", count, seconds)

    def storm(self, server, route, rate, seconds):
        return self.beside("storm.py", server.url, route, rate, seconds)

    @contextlib.contextmanager
    def beside(self, program, *arguments):
        """A load of its own beside the measured one. It says "ready", and at its end one line: its outcome."""
        command = [sys.executable, os.path.join(HERE, program), *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        process.outcome = "none"
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{program} could not connect")
        yield process
        process.outcome = process.communicate()[0].strip()

    def time_to_confirm(self, server, orders):
        begin = time.monotonic()
        self.rehearse(server, rate=orders * 2, connections=1000, seconds=1)
        while time.monotonic() - begin < 120:
            if server.admin("GET", "/api/admin/stats")["data"]["confirmed"] >= orders:
                return time.monotonic() - begin
            time.sleep(0.05)
        raise RuntimeError("the orders were not confirmed within two minutes")

    @contextlib.contextmanager
    def filled_server(self, orders, **settings):
        folder = tempfile.mkdtemp(dir=self.root)
        if orders:
            fill = os.path.join(os.path.dirname(self.binary), "bench", "fill_store")
            subprocess.run([fill, folder, str(orders)], check=True)
        with self.server(folder=folder, **settings) as server:
            yield server


def parse_wrk(text):
    def number(pattern, default=0.0):
        found = re.search(pattern, text)
        return float(found.group(1)) if found else default

    def milliseconds(pattern):
        found = re.search(pattern, text)
        if not found:
            return 0.0
        return float(found.group(1)) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[found.group(2)]

    total = number(r"(\d+) requests in")
    refused = number(r"Non-2xx or 3xx responses: (\d+)")
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    seconds = milliseconds(r"requests in ([0-9.]+)(us|ms|s)") / 1e3
    if not total:
        sys.exit("wrk printed no result:\n" + text)
    return {"per_second": number(r"Requests/sec:\s+([0-9.]+)"), "seconds": seconds, "ok": int(total - refused),
            "refused": int(refused), "errors": sum(map(int, sockets.groups())) if sockets else 0,
            "p50_ms": milliseconds(r"50%\s+([0-9.]+)(us|ms|s)"), "p99_ms": milliseconds(r"99%\s+([0-9.]+)(us|ms|s)")}


def summary(report):
    return {"errors": report["errors"], "per_second": report["accepted"] / report["seconds"],
            "p99_ms": report["latency_ms"]["shopper_buy"]["p99"]}
