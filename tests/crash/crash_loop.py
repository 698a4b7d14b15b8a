"""Crash, restart, compare: what the loops have in common."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

# Then a new shop is opened: thousands of cycles must neither fill the disk nor spend their time on checks.
ORDERS_MAX = 100_000


def skip(reason):
    """A test that cannot run here says so; where everything has to run that is a failure."""
    required = os.environ.get("SCALEMART_REQUIRE_ALL") == "1"
    print(f"{'FAILED (SCALEMART_REQUIRE_ALL=1)' if required else 'SKIPPED'}: {reason}", flush=True)
    sys.exit(1 if required else 77)


def die_tidily():
    """SIGTERM (a test's time limit) becomes an exception, so that mounts and folders are cleaned up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))


class Writer:
    """crash_writer, selling; its lines are collected while it lives."""

    def __init__(self, program, folder):
        self.process = subprocess.Popen([program, "write", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said = b""
        self.errors = b""
        self.threads = [threading.Thread(target=self._collect), threading.Thread(target=self._collect_errors)]
        for thread in self.threads:
            thread.start()

    def _collect(self):
        while chunk := os.read(self.process.stdout.fileno(), 1 << 16):
            self.said += chunk

    def _collect_errors(self):
        self.errors = self.process.stderr.read()

    def wait_until_selling(self, limit=20.0):
        begin = time.monotonic()
        while not self.said and self.process.poll() is None and time.monotonic() - begin < limit:
            time.sleep(0.002)
        return bool(self.said)

    def kill(self, said_bytes=None):
        """What it said before it died, or the first `said_bytes` of that; a line cut in two was never said."""
        self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return [line for line in self.said[:said_bytes].split(b"\n")[:-1] if line]


class Truth:
    """What every order was last said to be."""

    def __init__(self):
        self.last = {}
        self.answers = 0

    def add(self, lines):
        for line in lines:
            self.last[line[2:]] = line[:1]
        self.answers += len(lines)

    def text(self):
        return b"".join(kind + b" " + order + b"\n" for order, kind in self.last.items())


def check(program, folder, truth):
    """(sound, report). A store that cannot be opened is not sound, and then everything counts as lost."""
    done = subprocess.run([program, "check", folder], input=truth.text(), capture_output=True)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = {"said": len(truth.last), "lost": len(truth.last), "error": done.stderr.decode().strip()[-300:]}
    return done.returncode == 0, report


def run(name, program, folder, cycles, crash, seed):
    """Returns (cycles run, answers, lost, last report); stops at the first loss."""
    print(f"{name}: {cycles} cycles, seed {seed}", flush=True)
    dice = random.Random(seed)
    truth = Truth()
    answers = 0
    begin = time.monotonic()
    report = {}
    for cycle in range(1, cycles + 1):
        writer = Writer(program, folder)
        selling = writer.wait_until_selling()
        if selling:
            time.sleep(dice.uniform(0.0, 0.12))
        truth.add(crash(writer))
        if not selling:
            print(f"{name}: cycle {cycle}: sold nothing: {writer.errors.decode()[-300:]}", flush=True)
            return cycle, answers + truth.answers, len(truth.last) or 1, report
        sound, report = check(program, folder, truth)
        if not sound:
            print(f"{name}: cycle {cycle}: {json.dumps(report)}", flush=True)
            return cycle, answers + truth.answers, max(1, report.get("lost", 1)), report
        if report["orders"] > ORDERS_MAX:
            shutil.rmtree(folder)
            answers += truth.answers
            truth = Truth()
    took = time.monotonic() - begin
    answers += truth.answers
    print(f"{name}: {cycles} cycles, {answers} answers, 0 lost, {took / cycles:.2f} s a cycle; last {json.dumps(report)}",
          flush=True)
    return cycles, answers, 0, report
