"""Debian's Prometheus as a process of the tests, and what all tests here share."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DEPLOY, DOCS = os.path.join(ROOT, "deploy"), os.path.join(ROOT, "docs")
RULES = os.path.join(DEPLOY, "prometheus")
sys.path[1:1] = [os.path.join(ROOT, "tests", folder) for folder in ("contract", "shared", "servers")]

import shop  # noqa: E402  pylint: disable=wrong-import-position
from wire import PATIENCE, wait_until  # noqa: E402  pylint: disable=wrong-import-position

MISSING = 77


def skip(why):
    """Said loudly, and a failure where everything is required."""
    print(f"SKIPPED: {why}", file=sys.stderr)
    sys.exit(1 if os.environ.get("SCALEMART_REQUIRE_ALL") == "1" else MISSING)


def need(*programs):
    """Ends the test as skipped when one of them is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            skip(f"{program} is needed (Debian package prometheus)")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


class Prometheus:
    """Scrapes `targets` ({job: [port]}) every second, with the shop's rules."""

    def __init__(self, targets):
        self.root = tempfile.mkdtemp(prefix="prometheus-")
        self.port = shop.free_port()
        os.chmod(self.root, 0o700)
        rules = read(RULES, "rules.yml").replace("interval: 15s", "interval: 1s")
        with open(os.path.join(self.root, "rules.yml"), "w", encoding="utf-8") as file:
            file.write(rules)
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                  "rule_files": ["rules.yml", os.path.join(RULES, "alerts.yml")],
                  "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{p}" for p in ports]}]}
                                     for job, ports in targets.items()]}
        with open(os.path.join(self.root, "prometheus.yml"), "w", encoding="utf-8") as file:
            json.dump(config, file)  # JSON is YAML
        self.log_path = os.path.join(self.root, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", f"--web.listen-address=127.0.0.1:{self.port}"],
                cwd=self.root, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(self.is_ready, 2 * PATIENCE, what=lambda: read(self.log_path)[-2000:])
        except BaseException:
            self.close()
            raise

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"prometheus ended: {read(self.log_path)[-2000:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def get(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as problem:
            raise AssertionError(f"{parameters}: {problem.read().decode()}") from problem

    def ask(self, query):
        """[(labels, value)] of an instant query, without what is no number."""
        result = self.get("/api/v1/query", query=query)["result"]
        return [(series["metric"], float(series["value"][1])) for series in result if series["value"][1] != "NaN"]

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        shutil.rmtree(self.root, ignore_errors=True)
