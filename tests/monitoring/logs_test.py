"""What docs/logs.md and deploy/logs say of the log is so."""
import configparser
import glob
import json
import os
import re
import unittest

import yaml

from watch import DEPLOY, DOCS, ROOT, read, shop, skip
try:
    from log_lines import SCHEMA, faults
except ImportError:
    skip("python3-jsonschema is needed")

LOGS = os.path.join(DEPLOY, "logs")
GOOD = {"ts": "2026-11-26T08:00:00.123Z", "level": "info", "event": "server_started", "port": 3000}
TOKEN = re.compile(r'\s+|//[^\n]*|"(?:[^"\\]|\\.)*"|[A-Za-z_][A-Za-z0-9_.]*|[0-9]+|[{}\[\]=,]')


class Alloy:
    """The syntax of Grafana Alloy as far as our file needs it: blocks, attributes, strings, lists, objects, references."""

    def __init__(self, text):
        self.tokens, at = [], 0
        while at < len(text):
            found = TOKEN.match(text, at)
            assert found, f"not Alloy: {text[at:at + 40]!r}"
            at = found.end()
            if not found.group().isspace() and not found.group().startswith("//"):
                self.tokens.append(found.group())
        self.blocks = self.body(None)

    def take(self, wanted=None):
        assert self.tokens, f"ends before {wanted or 'its end'}"
        token = self.tokens.pop(0)
        assert wanted in (None, token), f"{token} where {wanted} belongs"
        return token

    def body(self, end):
        """{name or 'name label': value or body}"""
        found = {}
        while self.tokens and self.tokens[0] != end:
            name = self.take()
            assert re.match(r"[a-z_]", name), f"{name} is no name"
            if self.tokens[0] == "=":
                self.take()
                found[name] = self.value()
                continue
            label = json.loads(self.take()) if self.tokens[0].startswith('"') else ""
            self.take("{")
            found[f"{name} {label}".strip()] = self.body("}")
            self.take("}")
        return found

    def value(self):
        token = self.take()
        if token == "[":
            return self.items("]", self.value)
        if token == "{":
            return dict(self.items("}", lambda: (self.take(), self.take("=") and self.value())))
        return json.loads(token) if token[0] in '"0123456789' else token

    def items(self, end, item):
        found = []
        while self.tokens[0] != end:
            found.append(item())
            if self.tokens[0] != end:
                self.take(",")
        self.take(end)
        return found


class Schema(unittest.TestCase):
    def test_it_takes_good_lines_and_no_others(self):
        self.assertEqual([], faults(json.dumps(GOOD)))
        self.assertEqual([], faults('{"level":"critical","event":"disk_full","sequence":7}'))
        bad = [{"ts": "2026-11-26 08:00:00"}, {"level": "fatal"}, {"event": "Server started"}, {"port": {"a": 1}}, {"ports": [1]},
               {"trace_id": "0AF7"}, {"order_id": "1"}, {"Field": 1}, {"text": "x" * 3000}, {"ts": None}]
        for change in bad:
            with self.subTest(change=change):
                self.assertNotEqual([], faults(json.dumps({**GOOD, **change})))
        self.assertNotEqual([], faults(json.dumps({"level": "info", "event": "no_time"})))
        self.assertNotEqual([], faults("not JSON"))

    def test_every_event_of_the_program_is_told_of_and_no_other(self):
        written = set()
        for path in glob.glob(os.path.join(ROOT, "src", "**", "*.[ch]pp"), recursive=True):
            if not path.endswith("_test.cpp") and not path.endswith("telemetry/log.hpp"):
                text = read(path)
                written |= set(re.findall(r'log::(?:debug|info|warn|error)\(\s*"(\w+)"', text))
                written |= set(re.findall(r'"level":"critical","event":"(\w+)"', text.replace('\\"', '"')))
                for call in re.findall(r'log::write\(\s*\w+,(.*?),\s*\{\{', text, re.S):
                    written |= set(re.findall(r'"(\w+)"', call))
        table = read(DOCS, "logs.md").split("## Events")[1].split("## Shippers")[0]
        told = set(re.findall(r"`(\w+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))))
        self.assertEqual(set(), written - told, "events that docs/logs.md does not tell of")
        self.assertEqual(set(), told - written, "events that nothing writes")


class Shippers(unittest.TestCase):
    def test_alloy(self):
        blocks = Alloy(read(LOGS, "config.alloy")).blocks
        names = {block.replace(" ", ".") for block in blocks}
        for name, block in blocks.items():
            for target in block.get("forward_to", []):
                self.assertIn(target.removesuffix(".receiver"), names, name)
        self.assertIn(blocks["loki.source.journal scalemart"]["relabel_rules"].removesuffix(".rules"), names)
        pipeline = blocks["loki.process scalemart"]
        picked = set(pipeline["stage.json"]["expressions"])
        self.assertEqual(set(), picked - set(SCHEMA["properties"]))
        for stage in ("stage.labels", "stage.structured_metadata"):
            self.assertEqual(set(), set(pipeline[stage]["values"]) - picked, stage)
        self.assertIn(pipeline["stage.timestamp"]["source"], picked)
        self.assertEqual({"level", "event"}, set(pipeline["stage.labels"]["values"]), "labels with few values")

    def test_a_broken_alloy_file_is_seen(self):
        for broken in ("a {", "a { b = }", 'a { b = ["x" }', "a { b = 1", "a } {", 'a "b { }'):
            with self.subTest(broken=broken), self.assertRaises((AssertionError, IndexError, ValueError)):
                Alloy(broken)

    def test_filebeat(self):
        config = yaml.safe_load(read(LOGS, "filebeat.yml"))
        self.assertEqual("journald", config["filebeat.inputs"][0]["type"])
        steps = {name: value for step in config["processors"] for name, value in step.items()}
        self.assertEqual(len(config["processors"]), len(steps), "each processor is one")
        known = {f"scalemart.{name}" for name in SCHEMA["properties"]}
        used = {field["from"] for field in steps["rename"]["fields"]} | {steps["timestamp"]["field"]} | set(steps["drop_fields"]["fields"])
        self.assertEqual(set(), used - known)
        for sample in steps["timestamp"]["test"]:
            self.assertRegex(sample, SCHEMA["properties"]["ts"]["pattern"])

    def test_journald(self):
        config = configparser.ConfigParser()
        config.optionxform = str
        config.read_string(read(LOGS, "journald.conf"))
        self.assertEqual({"Journal"}, set(config.sections()))
        known = {"SystemMaxUse": r"\d+[KMGT]", "MaxRetentionSec": r"\d+(s|min|h|day)", "RateLimitIntervalSec": r"\d+s", "RateLimitBurst": r"\d+"}
        for name, value in config["Journal"].items():
            self.assertRegex(value, f"^{known[name]}$", name)


if __name__ == "__main__":
    shop.main()
