#!/usr/bin/env python3
"""Starts a PostgreSQL of its own for a test and stops it again.

As a program, it serves tests in any language: it prints one JSON line and then obeys commands on stdin, one a
line, each answered by a line ("ok" or "failed: ..."). When stdin ends, the server is stopped and its folder
removed, so a test that dies leaves nothing behind.

    postgresql_server.py [--setting name=value]... [--standby]
    {"url": "postgresql://shop@127.0.0.1:41234/shop", "pid": 4711}
    stop | kill | start | freeze | thaw        (kill: kill -9 of all its processes)
    promote | freeze-standby | thaw-standby    (with --standby: a synchronous one; the url names both)

Exit code 77: there is no PostgreSQL on this machine.
"""
import argparse
import glob
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from stopped import wait_until_stopped

USER = "shop"
DATABASE = "shop"
MISSING = 77


def programs():
    """The folder of PostgreSQL's programs, the newest version first; Debian keeps them out of the path."""
    def version(folder):
        return [int(part) for part in folder.split("/")[-2].split(".") if part.isdigit()]
    for folder in sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=version, reverse=True):
        if os.path.exists(os.path.join(folder, "initdb")):
            return folder
    found = shutil.which("initdb")
    return os.path.dirname(os.path.realpath(found)) if found else None


def somebody_else():
    """PostgreSQL refuses to be root: who it runs as then."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise SystemExit("neither postgres nor nobody is a user of this machine")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PostgresServer:
    """One server in a folder of its own, reached over loopback. Use as a context, or call remove()."""

    def __init__(self, settings=(), folder=None, init=True):
        self.programs = programs()
        if self.programs is None:
            raise FileNotFoundError("PostgreSQL (Debian package postgresql) is not installed")
        self.account = somebody_else()
        self.folder = folder or tempfile.mkdtemp(prefix="scalemart-postgresql-")
        self.data = os.path.join(self.folder, "data")
        self.port = free_port()
        self.settings = list(settings)
        self.process = None
        if self.account:
            os.chown(self.folder, self.account["user"], self.account["group"])
        if init:
            self._run("initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-instructions")

    @property
    def url(self):
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{DATABASE}"

    def make_standby(self):
        """A synchronous standby of this server, which runs: from now on no commit is answered before it has it."""
        standby = PostgresServer(self.settings, init=False)
        standby._run("pg_basebackup", "-D", standby.data, "-h", "127.0.0.1", "-p", str(self.port), "-U", USER,
                     "-c", "fast", "-R", "-X", "stream")
        standby.settings.append("primary_conninfo=host=127.0.0.1 "
                                f"port={self.port} user={USER} application_name=standby1")
        standby.start()
        self.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby1'", "postgres")
        self.sql("SELECT pg_reload_conf()", "postgres")
        deadline = time.monotonic() + 30
        while self.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", "postgres").strip() != "1":
            if time.monotonic() > deadline:
                raise RuntimeError("the standby does not become synchronous: " + standby.log()[-500:])
            time.sleep(0.05)
        return standby

    def promote(self):
        """A standby becomes the primary."""
        self.sql("SELECT pg_promote()", "postgres")

    def _run(self, program, *arguments):
        done = subprocess.run([os.path.join(self.programs, program), *arguments], cwd=self.folder,
                              capture_output=True, text=True, check=False, **self.account)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def sql(self, text, database=DATABASE):
        """Runs a script with psql; the rows as text."""
        return self._run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port),
                         "-U", USER, "-d", database, "-c", text)

    def start(self, timeout=60):
        if self.process and self.process.poll() is None:
            return
        command = [os.path.join(self.programs, "postgres"), "-D", self.data, "-p", str(self.port),
                   "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}",
                   "-c", "log_min_messages=fatal"]
        for setting in self.settings:
            command += ["-c", setting]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            # A session of its own: a signal to the test's terminal is not one to the server.
            self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, **self.account)
        deadline = time.monotonic() + timeout
        while True:
            if self.process.poll() is not None:
                raise RuntimeError("postgres ended: " + self.log()[-1000:])
            try:
                if self.sql("SELECT 1", "postgres").strip() == "1":
                    break
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.05)
        if self.sql("SELECT pg_is_in_recovery()", "postgres").strip() == "t":
            return
        if self.sql(f"SELECT count(*) FROM pg_database WHERE datname = '{DATABASE}'", "postgres").strip() == "0":
            self.sql(f"CREATE DATABASE {DATABASE}", "postgres")

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def children(self):
        """The processes that serve, by id."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]

    def _signal_all(self, number):
        """To the server and its processes: they are ours, by their ids."""
        pids = [self.process.pid]
        try:
            pids += self.children()
        except OSError:
            pass
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        return pids

    def kill(self):
        self._signal_all(signal.SIGKILL)
        self.process.wait()

    def freeze(self):
        wait_until_stopped(self._signal_all(signal.SIGSTOP))

    def thaw(self):
        self._signal_all(signal.SIGCONT)

    def stop(self):
        """In order, but without waiting for its clients."""
        if self.process is None or self.process.poll() is not None:
            return
        self.thaw()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.remove()


def serve(server, standby):
    url = server.url
    if standby:
        url = f"postgresql://{USER}@127.0.0.1:{server.port},127.0.0.1:{standby.port}/{DATABASE}"
    commands = {name: getattr(server, name) for name in ("stop", "kill", "start", "freeze", "thaw")}
    if standby:
        commands |= {"promote": standby.promote, "freeze-standby": standby.freeze, "thaw-standby": standby.thaw}
    print(json.dumps({"url": url, "pid": server.process.pid, "programs": server.programs}), flush=True)
    for line in sys.stdin:
        try:
            if line.strip() not in commands:
                raise RuntimeError(f"no such command: {line.strip()}")
            commands[line.strip()]()
            print("ok", flush=True)
        except (OSError, RuntimeError) as failure:
            print("failed: " + str(failure).replace("\n", " "), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--standby", action="store_true", help="with a synchronous standby")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        server = PostgresServer(arguments.setting)
    except FileNotFoundError as missing:
        print(missing, file=sys.stderr)
        return MISSING
    standby = None
    try:
        server.start()
        standby = server.make_standby() if arguments.standby else None
        serve(server, standby)
    finally:
        if standby:
            standby.remove()
        server.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main())
