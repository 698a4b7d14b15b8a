"""deploy/prometheus: the files are good, every alert fires and clears in its own test, and has a page that helps."""
import os
import re
import subprocess
import unittest

import yaml

from watch import DOCS, ROOT, RULES, need, read

PARTS = ["What it means", "What to look at", "What to do"]


def promtool(*arguments):
    return subprocess.run(["promtool", *arguments], cwd=RULES, capture_output=True, text=True, timeout=60, check=False)


def anchors(text):
    """GitHub's anchors of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        groups = yaml.safe_load(read(RULES, "alerts.yml"))["groups"]
        cls.alerts = {rule["alert"]: rule for group in groups for rule in group["rules"]}
        cls.tests = yaml.safe_load(read(RULES, "alerts_test.yml"))["tests"]
        cls.recorded = [rule for group in yaml.safe_load(read(RULES, "rules.yml"))["groups"] for rule in group["rules"]]
        cls.golden = {line.split()[0] for line in read(ROOT, "tests", "golden", "metrics.txt").splitlines()}

    def test_promtool_finds_nothing_wrong(self):
        for arguments in (("check", "config", "prometheus.yml"), ("check", "rules", "--lint-fatal", "rules.yml", "alerts.yml"),
                          ("test", "rules", "alerts_test.yml")):
            done = promtool(*arguments)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_every_alert_fires_and_clears_in_a_test(self):
        steps = {name: [] for name in self.alerts}
        for test in self.tests:
            for step in test["alert_rule_test"]:
                steps[step["alertname"]].append(bool(step.get("exp_alerts")))
        for name, fires in steps.items():
            self.assertIn(True, fires, f"{name} never fires")
            self.assertIs(False, fires[-1], f"{name} does not clear at the end")

    def test_every_alert_says_how_urgent_it_is_and_names_its_own_page(self):
        pages = set()
        for name, rule in self.alerts.items():
            self.assertIn(rule["labels"]["severity"], ("page", "ticket"), name)
            match = re.fullmatch(r'\{\{ or \$externalLabels\.runbooks "docs/runbooks" \}\}/([a-z-]+\.md)', rule["annotations"]["runbook_url"])
            self.assertTrue(match, name)
            pages.add(match.group(1))
            text = read(DOCS, "runbooks", match.group(1))
            self.assertIn(f"Alert `{name}`.", text)
            self.assertEqual(PARTS, re.findall(r"^## (.*)$", text, flags=re.M), match.group(1))
            for part in re.split(r"^## .*$", text, flags=re.M)[1:]:
                self.assertGreater(len(part.split()), 20, f"{match.group(1)} says next to nothing")
            self.assertIn(f"[{name}]({match.group(1)})", read(DOCS, "runbooks", "README.md"))
        self.assertEqual(len(self.alerts), len(pages), "a page each")
        self.assertEqual(pages | {"README.md"}, set(os.listdir(os.path.join(DOCS, "runbooks"))), "no page without an alert")

    def test_links_of_runbooks_lead_somewhere(self):
        folder = os.path.join(DOCS, "runbooks")
        for page in os.listdir(folder):
            for target in re.findall(r"\]\(([^)]+)\)", read(folder, page)):
                path, _, anchor = target.partition("#")
                file = os.path.normpath(os.path.join(folder, path))
                self.assertTrue(os.path.exists(file), f"{page}: {target}")
                if anchor:
                    self.assertIn(anchor, anchors(read(file)), f"{page}: {target}")

    def test_only_metrics_that_there_are(self):
        """An alert on a name that nobody exposes is silent for ever."""
        known = self.golden | {rule["record"] for rule in self.recorded}
        known |= {f"{name}_{part}" for name in self.golden for part in ("bucket", "sum", "count")}
        texts = {name: rule["expr"] for name, rule in self.alerts.items()} | {rule["record"]: rule["expr"] for rule in self.recorded}
        texts |= {page: read(DOCS, "runbooks", page) for page in os.listdir(os.path.join(DOCS, "runbooks"))}
        for name, text in texts.items():
            for used in re.findall(r"\b(?:scalemart_[a-z_]+|scalemart:[\w:]+|process_[a-z_]+)\b", text):
                self.assertIn(used, known, name)


if __name__ == "__main__":
    need("promtool")
    unittest.main(verbosity=2)
