"""api/openapi.json as the tests read it, and a small checker of answers against its schemas."""
import json
import os
import re

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "api", "openapi.json"), encoding="utf-8") as _file:
    DOCUMENT = json.load(_file)


class Operation:
    def __init__(self, method, path, body):
        self.method, self.path, self.body = method, path, body
        self.id, self.is_admin = body["operationId"], body.get("x-role") == "admin"
        self.needs_token = bool(body.get("security"))

    def filled(self, **values):
        """The path with its parameters; what is not given does not exist."""
        path = self.path
        for parameter in map(resolve, self.body.get("parameters", [])):
            if parameter["in"] == "path":
                missing = ULID if "Z]{25}" in parameter["schema"].get("pattern", "") else "nothing-of-that"
                path = path.replace("{%s}" % parameter["name"], values.get(parameter["name"], missing))
        return path

    def response(self, status):
        response = self.body["responses"].get(str(status))
        return resolve(response) if response else None


def operations():
    return [Operation(method.upper(), path, body) for path, item in DOCUMENT["paths"].items() for method, body in item.items()
            if method != "parameters"]


def resolve(node):
    while "$ref" in node:
        reference = node["$ref"]
        node = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    return node


TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name in ("integer", "number"):
        return isinstance(value, int if name == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def faults(value, schema, where="$"):
    """What in `value` is not as the schema says: required members, types, enums, constants, patterns."""
    schema = resolve(schema)
    found = [fault for part in schema.get("allOf", []) for fault in faults(value, part, where)]
    choices = [faults(value, part, where) for part in schema.get("anyOf", [])]
    if choices and all(choices):
        found += choices[0]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_type(value, kind) for kind in kinds):
        return [f"{where}: {value!r} is no {kinds}"]
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        found.append(f"{where}: {value!r} does not match")
    if isinstance(value, dict):
        found += [f"{where}: {name} is missing" for name in schema.get("required", []) if name not in value]
        known = schema.get("properties", {})
        for name, inner in known.items():
            if name in value:
                found += faults(value[name], inner, f"{where}.{name}")
        if isinstance(schema.get("additionalProperties"), dict):
            for name in set(value) - set(known):
                found += faults(value[name], schema["additionalProperties"], f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            found += faults(item, schema["items"], f"{where}[{i}]")
    return found
