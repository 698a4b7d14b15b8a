#!/usr/bin/env python3
"""Builds and starts a server that speaks MongoDB's protocol, for a test, and stops it again.

It is FerretDB 1 over SQLite behind a gate (tests/servers/ferretdb/main.go), built once by Go 1.22 or later into
~/.cache/scalemart (or $XDG_CACHE_HOME/scalemart); go.mod and go.sum pin what is fetched for it.

As a program it serves tests in any language, as postgresql_server.py does: one JSON line, then commands on stdin.

    ferretdb_server.py [--no-gate]
    {"url": "mongodb://127.0.0.1:41234/", "pid": 4711}
    stop | kill | start | freeze | thaw

Exit code 77: there is no Go on this machine, or FerretDB cannot be fetched.
"""
import argparse
import fcntl
import glob
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from stopped import wait_until_stopped

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ferretdb")
MISSING = 77


class Missing(Exception):
    """What the server needs is not on this machine."""


def go():
    found = shutil.which("go")
    for path in [found, "/usr/local/go/bin/go", *sorted(glob.glob("/usr/lib/go-*/bin/go"), reverse=True)]:
        if path and os.access(path, os.X_OK):
            return path
    raise Missing("Go (1.22 or later) is not installed; FerretDB is built by it")


def built():
    """The program, built if need be. Its name tells what it was built from."""
    digest = hashlib.sha256()
    for name in ("main.go", "go.mod", "go.sum"):
        with open(os.path.join(SOURCE, name), "rb") as file:
            digest.update(file.read())
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "scalemart")
    os.makedirs(cache, exist_ok=True)
    program = os.path.join(cache, "ferretdb-" + digest.hexdigest()[:16])
    with open(program + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two tests one builds
        if os.path.exists(program):
            return program
        print("building FerretDB (once, a minute or two)", file=sys.stderr, flush=True)
        # Not beside the sources: those are the project's, and a build may want to write.
        environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -trimpath"}
        done = subprocess.run(["nice", go(), "build", "-o", program + ".new", "."], cwd=SOURCE, env=environment,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            why = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise Missing("FerretDB cannot be built: " + " ".join(why))
        os.rename(program + ".new", program)
    return program


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class FerretServer:
    """One server in a folder of its own, reached over loopback. Use as a context, or call remove()."""

    def __init__(self, gate=True):
        self.program = built()
        self.gate = gate
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="scalemart-ferretdb-")
        self.process = None

    @property
    def url(self):
        return f"mongodb://127.0.0.1:{self.port}/"

    def start(self):
        if self.process and self.process.poll() is None:
            return
        command = [self.program, f"127.0.0.1:{self.port}", self.folder] + ([] if self.gate else ["--no-gate"])
        with open(os.path.join(self.folder, "log"), "ab") as log:
            # A session of its own: a signal to the test's terminal is not one to the server.
            self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=log, start_new_session=True)
        if not self.process.stdout.readline().startswith(b"ready"):
            raise RuntimeError("FerretDB ended: " + self.log()[-1000:])

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)
        wait_until_stopped([self.process.pid])

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.thaw()
        self.process.terminate()
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


def serve(server):
    print(json.dumps({"url": server.url, "pid": server.process.pid}), flush=True)
    for line in sys.stdin:
        command = line.strip()
        try:
            if command not in ("stop", "kill", "start", "freeze", "thaw"):
                raise RuntimeError(f"no such command: {command}")
            getattr(server, command)()
            print("ok", flush=True)
        except (OSError, RuntimeError) as failure:
            print("failed: " + str(failure).replace("\n", " "), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-gate", action="store_true", help="as FerretDB is: a proof of what the gate is for")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        server = FerretServer(gate=not arguments.no_gate)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return MISSING
    try:
        server.start()
        serve(server)
    finally:
        server.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main())
