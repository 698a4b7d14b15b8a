"""What a log may look like, and what may never stand in it."""
import json
import os

import jsonschema

from watch import DEPLOY, read

SCHEMA = json.loads(read(DEPLOY, "logs", "log-line.schema.json"))
_CHECKER = jsonschema.Draft202012Validator(SCHEMA)


def faults(text):
    """What in the lines of a log is not as the schema says; a line that is no JSON is one."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        try:
            value = json.loads(line)
        except ValueError:
            found.append(f"no JSON: {line}")
            continue
        found += [f"{fault.message}: {line}" for fault in _CHECKER.iter_errors(value)]
    return found


class Secrets:
    """Values that must not be seen anywhere, each with where it was used."""

    def __init__(self):
        self.known, self.mark = {}, f"kn4ry{os.urandom(5).hex()}"

    def fresh(self, use):
        """A new value that is easily found again, in parts too."""
        value = f"{self.mark}x{len(self.known)}"
        self.known[value] = use
        return value

    def add(self, value, use):
        self.known[value] = use
        return value

    def seen_in(self, text):
        text = text.lower()
        found = {f"{use}: {value}" for value, use in self.known.items() if value.lower() in text}
        return found | ({"some part of a marked value"} if self.mark in text and not found else set())
