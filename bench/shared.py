"""Shops of several processes, measured: gateways over PostgreSQL and Redis on this machine."""
import contextlib
import os
import re
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time

from harness import Server, section

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests", "servers"))
import postgresql_server  # noqa: E402
import redis_server  # noqa: E402

SECRET = "bench-only-0123456789-0123456789-0123456789-abcdef"
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid):
    """Seconds that a process and its children, dead ones too, have computed."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return sum(int(field) for field in stat.read().rsplit(")", 1)[1].split()[11:15]) / TICKS


class SharedShop:
    def __init__(self, bench, gateways, settings):
        self.bench = bench
        self.folders = [tempfile.mkdtemp(dir=bench.root) for _ in range(gateways)]
        self.database = postgresql_server.PostgresServer(["max_connections=300"])
        self.redis = redis_server.RedisServer()
        self.settings = settings
        self.gateways = []

    def start(self):
        self.database.start()
        self.redis.start()
        for folder in self.folders:
            gateway = Server(self.bench, folder, 0, dict(SCALEMART_DATABASE=self.database.url, SCALEMART_REDIS=self.redis.url,
                                                         SCALEMART_JWT_SECRET=SECRET, **self.settings))
            gateway.start()
            self.gateways.append(gateway)
        self.bench.seed(self.gateways[0])
        for folder in self.folders[1:]:
            shutil.copy(os.path.join(self.folders[0], "tokens.txt"), folder)

    def stop(self):
        for gateway in self.gateways:
            gateway.stop()
        self.redis.remove()
        self.database.remove()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)

    def know(self, product):
        """Waits until every gateway sells it."""
        for gateway in self.gateways:
            for _ in range(200):
                with contextlib.suppress(OSError):
                    gateway.call("GET", f"/api/products/{product}")
                    break
                time.sleep(0.02)

    def accepted(self):
        return sum(gateway.accepted() for gateway in self.gateways)

    def redis_commands(self):
        with socket.create_connection(("127.0.0.1", self.redis.port), timeout=10) as connection:
            connection.sendall(b"INFO stats\r\n")
            text = connection.recv(65536).decode()
        return int(re.search(r"total_commands_processed:(\d+)", text).group(1))

    def cpu(self):
        """Of gateways, Redis and PostgreSQL with its living processes."""
        pids = [gateway.process.pid for gateway in self.gateways] + [self.redis.process.pid, self.database.process.pid]
        return {"gateways": sum(cpu_of(pid) for pid in pids[:-2]), "redis": cpu_of(pids[-2]),
                "postgresql": cpu_of(pids[-1]) + sum(cpu_of(pid) for pid in self.database.children())}


@contextlib.contextmanager
def shared_shop(bench, gateways=1, **settings):
    shop = SharedShop(bench, gateways, settings)
    try:
        shop.start()
        yield shop
    finally:
        shop.stop()


def shared_buys(bench):
    """Durable accepted buys/s of one gateway over PostgreSQL and Redis ÷ of the embedded shop, 1,000 connections."""
    ratios = []
    for _ in range(bench.rounds):
        with bench.server() as server:
            server.create_product("bench", total=1_000_000_000)
            embedded = accepted_per_second(bench, server)
        with shared_shop(bench) as shop:
            shop.gateways[0].create_product("bench", total=1_000_000_000)
            shop.know("bench")
            shared = accepted_per_second(bench, shop.gateways[0])
        ratios.append(shared / embedded)
        section.row(f"embedded {embedded:,.0f}/s, shared {shared:,.0f}/s, ratio {ratios[-1]:.3f}")
    return {"ratio": statistics.median(ratios)}


def accepted_per_second(bench, server):
    bench.wrk(server, 1000, seconds=1)
    before = server.accepted()
    result = bench.wrk(server, 1000)
    return (server.accepted() - before) / result["seconds"]


def shared_sold_out(bench):
    """Sold-out answers/s of one gateway over PostgreSQL and Redis ÷ of the embedded shop, 1,000 connections."""
    ratios = []
    unlimited = {"SCALEMART_RATE_LIMIT_FLASH_BUY": "100000/1s"}
    for _ in range(bench.rounds):
        with bench.server(**unlimited) as server:
            server.create_product("bench", total=0)
            bench.wrk(server, 1000, seconds=1)
            embedded = bench.wrk(server, 1000)["per_second"]
        with shared_shop(bench, **unlimited) as shop:
            shop.gateways[0].create_product("bench", total=0)
            shop.know("bench")
            bench.wrk(shop.gateways[0], 1000, seconds=1)
            shared = bench.wrk(shop.gateways[0], 1000)["per_second"]
        ratios.append(shared / embedded)
        section.row(f"embedded {embedded:,.0f}/s, shared {shared:,.0f}/s, ratio {ratios[-1]:.3f}")
    return {"ratio": statistics.median(ratios)}


def redis_commands(bench):
    """Commands that Redis carries out ÷ accepted buys, everything else that gateways say to it included, 1,000 connections."""
    with shared_shop(bench) as shop:
        gateway = shop.gateways[0]
        gateway.create_product("bench", total=1_000_000_000)
        shop.know("bench")
        bench.wrk(gateway, 1000, seconds=1)
        accepted, commands = gateway.accepted(), shop.redis_commands()
        bench.wrk(gateway, 1000)
        accepted, commands = gateway.accepted() - accepted, shop.redis_commands() - commands
    section.row(f"{commands:,} commands for {accepted:,} accepted buys")
    return {"commands_per_buy": commands / accepted}


RATE = 700  # a gateway; four of them, their load generators and both servers still fit on two cores


def cpu_per_buy(bench):
    """CPU of all processes per accepted buy with 1, 2 and 4 gateways and as many partitions, 700 buys/s each: the greatest ÷ one's."""
    costs = {}
    for count in (1, 2, 4):
        with shared_shop(bench, count, SCALEMART_PARTITIONS=str(count), SCALEMART_THREADS="1") as shop:
            # One product a partition; each gateway's crowd buys one of them.
            for product in range(count):
                shop.gateways[0].create_product(f"bench-{product}", total=1_000_000_000)
                shop.know(f"bench-{product}")
            rush(bench, shop, 2)
            accepted, before = shop.accepted(), shop.cpu()
            rush(bench, shop, bench.seconds)
            accepted, after = shop.accepted() - accepted, shop.cpu()
        parts = {name: (after[name] - before[name]) / accepted * 1e6 for name in after}
        costs[count] = sum(parts.values())
        section.row(f"{count} gateway(s): {accepted / bench.seconds:,.0f} accepted/s, {costs[count]:.0f} µs a buy ("
                    + ", ".join(f"{name} {cost:.0f}" for name, cost in parts.items()) + ")")
    return {"greatest_by_one": max(costs.values()) / costs[1], "microseconds": costs}


def rush(bench, shop, seconds):
    crowds = [threading.Thread(target=bench.rehearse, args=(gateway, RATE, 250, seconds), kwargs={"product": f"bench-{at}"})
              for at, gateway in enumerate(shop.gateways)]
    for crowd in crowds:
        crowd.start()
    for crowd in crowds:
        crowd.join()


NUMBERS = [
    ("shared_buys", shared_buys, ("ratio", ">=", 0.25, 0.5), False),
    ("shared_sold_out", shared_sold_out, ("ratio", ">=", 0.7, 0.9), False),
    ("redis_commands", redis_commands, ("commands_per_buy", "<", 0.2, 0.05), False),
    ("cpu_per_buy", cpu_per_buy, ("greatest_by_one", "<", 1.15, 1.0), False),
]
