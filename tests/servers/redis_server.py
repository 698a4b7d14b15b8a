"""One Redis server for tests in Python: on loopback, a free port, a folder of its own, stopped by its process id."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def program():
    return shutil.which("redis-server")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """Nothing is kept over an end, so that kill() loses everything. Use as a context, or call remove()."""

    def __init__(self, *options):
        if program() is None:
            raise FileNotFoundError("Redis (Debian package redis-server) is not installed")
        self.options = list(options)
        self.folder = tempfile.mkdtemp(prefix="scalemart-redis-")
        self.port = free_port()
        self.process = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self, timeout=20):
        command = [program(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
                   "--appendonly", "no", "--loglevel", "warning", *self.options]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            # A session of its own: a signal to the test's terminal is not one to the server.
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        deadline = time.monotonic() + timeout
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("redis-server does not start: " + self.log()[-1000:])
            try:
                if self.say("PING") == b"+PONG":
                    return self
            except OSError:
                time.sleep(0.02)

    def say(self, *words):
        """A command without blanks or line breaks in its words; the first line of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(" ".join(words).encode() + b"\r\n")
            with connection.makefile("rb") as answer:
                return answer.readline().rstrip(b"\r\n")

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.remove()
