"""Promotes PostgreSQL's standby when the primary has ended or does not answer: `python3 -m cluster.supervisor FOLDER`.

It is one process on one machine, so it can make sure that the old primary is dead (kill -9 by its id) before it makes a new one; that is
what a fence is for. It does not start anything again: `./dev cluster start postgres-1` makes the old primary the new one's standby.
"""
import sys
import time

from .machine import Problem
from .postgres_servers import PostgresServers
from .store import Store

EVERY = 0.25
SILENT_FOR = 3.0  # seconds without an answer, of a primary that has not ended


def say(text):
    print(time.strftime("%H:%M:%S"), text, flush=True)


def watch(folder):
    last_answer, complaint = time.monotonic(), None
    while True:
        time.sleep(EVERY)
        store = Store(folder).load()
        servers = PostgresServers(store, {})
        primary = servers.primary()
        if primary.is_alive() and servers.accepts(primary):
            last_answer, complaint = time.monotonic(), None
            continue
        if primary.is_alive() and time.monotonic() - last_answer < SILENT_FOR:
            continue
        with store.lock():
            store.load()
            if servers.primary().is_alive() and servers.primary().pid != primary.pid:
                continue  # somebody started it again
            why = f"{primary.name} {'does not answer' if primary.is_alive() else 'has ended'}"
            try:
                say(f"{why}; {servers.promote().name} is the primary")
                last_answer, complaint = time.monotonic(), None
            except Problem as problem:
                if str(problem) != complaint:
                    say(f"{why}; {problem}")
                complaint = str(problem)


if __name__ == "__main__":
    watch(sys.argv[1])
