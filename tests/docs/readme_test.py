"""What the README tells a stranger to type does what it shows: its transcript is run against a demo shop."""
import os
import re
import subprocess
import sys
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(os.path.join(ROOT, "tests", "contract"))
import shop  # noqa: E402
from wire import wait_until  # noqa: E402


def transcript():
    """[(command, the lines that it shows)]"""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        block = re.search(r"^```sh\n(\$ .*?)^```", file.read(), re.M | re.S).group(1)
    steps = []
    for line in block.replace("\\\n", "").splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif line:
            steps[-1][1].append(line)
    return steps


def pattern(line):
    """`...` is anything, a number is some number, and the beginning of a hash that of another one."""
    line = re.sub(r"\b[0-9a-f]{8}\.\.\.", "...", line)
    line = re.sub(r"\\\.\\\.\\\.", ".*", re.escape(line))
    return re.sub(r"\d+(\\\.\d+)?", r"\\d+(\\.\\d+)?", line)


class Readme(unittest.TestCase):
    def test_its_transcript(self):
        one = shop.Shop(start=False, ADMIN_EMAIL=None, ADMIN_PASSWORD=None, PAYMENT="simulated:?latency=50ms")
        self.addCleanup(one.close)
        with open(one.log_path, "ab") as log:
            one.process = subprocess.Popen([shop.BINARY, "serve", "--demo"], env=one.environment(), cwd=one.root, stdin=subprocess.DEVNULL,
                                           stdout=subprocess.DEVNULL, stderr=log)
        wait_until(one.is_ready, what=one.log_tail)
        steps = transcript()
        self.assertGreaterEqual(len(steps), 4)
        for at, (command, shown) in enumerate(steps):
            command = command.replace("localhost:3000", f"127.0.0.1:{one.port}").replace("build/scalemart", shop.BINARY)
            script = "; ".join([f". {one.root}/variables 2>/dev/null", command, f"echo TOKEN=$TOKEN > {one.root}/variables"])

            def does_it():
                done = subprocess.run(["bash", "-c", script], env=one.environment(), cwd=one.root, capture_output=True, text=True,
                                      timeout=60, check=False)
                lines = [line for line in done.stdout.splitlines() if line]
                good = done.returncode == 0 and len(lines) == len(shown) and all(
                    re.fullmatch(pattern(line), said) for line, said in zip(shown, lines))
                return good, done.stdout + done.stderr
            good, said = does_it()
            for _ in range(50 if "by-key" in command else 0):  # an order takes a moment to be confirmed
                if not good:
                    time.sleep(0.1)
                    good, said = does_it()
            self.assertTrue(good, f"step {at + 1}: {command}\n{said}\nin place of\n" + "\n".join(shown))


if __name__ == "__main__":
    shop.main()
