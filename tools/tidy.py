#!/usr/bin/env python3
"""Rules that the compiler does not check. Run by ctest and by ./dev check; exit 1 with one line a finding.

Every exception is in this file, with its reason. Style is a ratchet: an exception may be removed, and a
limit lowered; adding one needs a reason that a reader accepts.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Who may include whom: CMakeLists.txt and ARCHITECTURE.md show the same table.
LAYERS = {
    "base": set(),
    "telemetry": {"base"},
    "domain": {"base"},
    "port": {"domain", "telemetry", "base"},
    "ledger": {"domain", "base"},
    "sequencer": {"ledger", "port", "domain", "telemetry", "base"},
    "admission": {"port", "domain", "telemetry", "base"},
    "auth": {"port", "domain", "telemetry", "base"},
    "notify": {"port", "domain", "telemetry", "base"},
    "fulfilment": {"port", "domain", "telemetry", "base"},
    "backend": {"port", "domain", "telemetry", "base"},
    "flow": {"ledger", "sequencer", "admission", "auth", "notify", "fulfilment", "port", "domain", "telemetry", "base"},
    "gateway": {"flow", "ledger", "sequencer", "admission", "auth", "notify", "fulfilment", "port", "domain",
                "telemetry", "base"},
}
LAYERS["app"] = set(LAYERS) | {"app"}

# What asks the machine for something that must be a parameter.
BANNED = {
    r"\b(steady_clock|high_resolution_clock)::now\b": "take a Clock",
    r"\bsystem_clock::now\b": "take a Clock",
    r"\bclock_gettime\s*\(": "take a Clock",
    r"\bgettimeofday\s*\(": "take a Clock",
    r"\btime\s*\(\s*(nullptr|NULL|0)\s*\)": "take a Clock",
    r"\bsleep_(for|until)\s*\(": "wait on something",
    r"\bu?sleep\s*\(": "wait on something",
    r"\bnanosleep\s*\(": "wait on something",
    r"\brandom_device\b": "take a Random",
    r"\b(std::)?s?rand\s*\(": "take a Random",
    r"\bRAND_bytes\b": "take a Random",
    r"\bmt19937": "take a Random",
    # C++20 ends the temporary that owns the range before the loop begins.
    r"\bfor \([^;]*[^:]:[^:;][^;]*\)\s*->": "keep the owner: for (const auto owner = ...; ... : owner->...)",
}
# file -> (pattern as above, reason). Tests may sleep where real time is what they test.
BANNED_ALLOWED = {
    "src/app/server.cpp": (r"sleep_for", "the main thread waits out the drain delay, pulse by pulse"),
    "src/backend/embedded/query_store.cpp": (r"sleep_for", "its own idle-priority thread polls: nothing waits for it"),
    "src/app/backup.cpp": (r"sleep_for", "a pace, so that the sale goes first: nothing happens that could be waited for"),
}

FILE_LINES_MAX = 400
LONGER_FILES = {}  # file: lines it may have, never more

SECRETISH = re.compile(r"(BEGIN (RSA |EC )?PRIVATE KEY|AKIA[0-9A-Z]{16})")

findings = []


def found(path, line, what):
    findings.append(f"{path}:{line}: {what}")


def tracked(*suffixes):
    """Files of the project: git's list, or a walk where there is no git."""
    try:
        out = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True).stdout.decode()
        names = [name for name in out.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = []
        for folder, folders, files in os.walk(ROOT):
            folders[:] = [f for f in folders if f not in (".git", "build", "data", "node_modules")]
            names += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files]
    return sorted(n for n in names if n.endswith(suffixes) and os.path.exists(os.path.join(ROOT, n)))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def without_comments(text):
    """Comments and the content of strings become blanks; lines stay where they are."""
    def blank(match):
        token = match.group(0)
        if token.startswith(("//", "/*")):
            return re.sub(r"[^\n]", " ", token)
        return '""' + "\n" * token.count("\n") if token.startswith(('"', "R")) else token
    pattern = r'//[^\n]*|/\*.*?\*/|R"([^(]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
    return re.sub(pattern, blank, text, flags=re.S)


def check_layers(name, text):
    parts = name.split("/")
    if parts[0] != "src" or len(parts) < 3:
        return
    layer = parts[1]
    if layer not in LAYERS:
        found(name, 1, f"src/{layer}/ is not in the layer table (tools/tidy.py, CMakeLists.txt, ARCHITECTURE.md)")
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not match:
            continue
        target = match.group(1).split("/")
        if "/" not in match.group(1) and match.group(1) != "revision.hpp":
            found(name, number, f"include \"{match.group(1)}\" by its path from src/")
        elif target[0] in LAYERS and target[0] != layer and target[0] not in LAYERS[layer]:
            found(name, number, f"{layer}/ may not include {target[0]}/")
        elif target[0] == ".." or target[0] == ".":
            found(name, number, "include by the path from src/, not a relative one")


def check_cmake_table():
    """The link table of CMakeLists.txt names the same layers and allows no more than LAYERS."""
    text = read("CMakeLists.txt")
    listed = re.findall(r"^scalemart_stage\((\w+)\s+LIBS([^)]*)\)", text, flags=re.M)
    if {name for name, _ in listed} != set(LAYERS):
        found("CMakeLists.txt", 1, "scalemart_stage() lines and the layer table of tools/tidy.py differ: "
              + ", ".join(sorted({name for name, _ in listed} ^ set(LAYERS))))
    for name, libs in listed:
        for lib in libs.split():
            if lib in LAYERS and lib not in LAYERS.get(name, set()):
                found("CMakeLists.txt", 1, f"{name} links {lib}, which the layer table does not allow")


def check_folders():
    for entry in sorted(os.listdir(os.path.join(ROOT, "src"))):
        if os.path.isdir(os.path.join(ROOT, "src", entry)) and entry not in LAYERS:
            found(f"src/{entry}", 1, "this folder is not in the layer table")
    architecture = "ARCHITECTURE.md"
    if os.path.exists(os.path.join(ROOT, architecture)):
        text = read(architecture)
        for layer in LAYERS:
            if not re.search(rf"\b{layer}/", text):
                found(architecture, 1, f"does not mention {layer}/")


def check_banned(name, code):
    if name.startswith("src/base/") or not name.startswith("src/"):
        return
    allowed = BANNED_ALLOWED.get(name, ())
    is_test = name.endswith("_test.cpp")
    for number, line in enumerate(code.splitlines(), 1):
        for pattern, instead in BANNED.items():
            if not re.search(pattern, line) or (allowed and re.search(allowed[0], line)):
                continue
            if is_test and instead in ("wait on something", "take a Random"):
                continue  # a test may wait for a thread and print a seed
            if is_test and "steady_clock" in pattern:
                continue  # and measure itself
            found(name, number, f"{line.strip()[:60]}: {instead}")


def check_lines(name, text):
    lines = text.count("\n")
    limit = LONGER_FILES.get(name, FILE_LINES_MAX)
    if lines > limit and not name.endswith(("_test.cpp", "_contract.hpp")):
        found(name, lines, f"{lines} lines, at most {limit}: split it")
    if name in LONGER_FILES and lines <= FILE_LINES_MAX:
        found(name, lines, "is short enough now: take it out of LONGER_FILES")


def check_text(name, text):
    if name.endswith(".hpp") and "#pragma once" not in text.split("\n\n")[0]:
        found(name, 1, "begins without #pragma once")
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line) and not name.startswith("tools/tidy"):
            found(name, number, "unfinished business: do it, or file it")
        if "\t" in line and not name.endswith(("Makefile", ".csv")):
            found(name, number, "a tab")
        if line != line.rstrip():
            found(name, number, "blanks at the end of the line")
        if SECRETISH.search(line) and not name.startswith("tools/tidy"):
            found(name, number, "looks like a secret")


SQL = r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO)\b"


def check_sql(name, text):
    """Values are bound, never pasted: no SQL literal next to a + or inside a format call."""
    if not name.startswith("src/"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(rf'"[^"]*{SQL}[^"]*"\s*\+|\+\s*"[^"]*{SQL}', line) or \
                re.search(rf'(format|append|sprintf)\w*\s*\([^"]*"[^"]*{SQL}', line):
            found(name, number, "SQL put together from pieces: bind the values")


# Settings that nothing else reads, and why.
SETTINGS_OF_THE_START = {
    "database": "asked by Config::is_shared() and opened by shop.cpp",
    "redis": "goes with a shared database",
    "payment_mode": "asked by Config::buyers_pay()",
}


def check_settings():
    """Every member of Config is read by something beside what parses, bounds and prints it."""
    text = without_comments(read("src/app/config.hpp"))
    body = re.search(r"struct Config \{(.*?)\n\};", text, flags=re.S).group(1)
    members = []
    for declaration in re.findall(r"^\s*[\w:]+(?:<.*>)?\s+([^();]+);", body, flags=re.M):
        members += [re.match(r"\s*(\w+)", name).group(1) for name in declaration.split(",")]
    sources = [n for n in tracked(".cpp", ".hpp") if n.startswith("src/") and not n.endswith("_test.cpp")
               and not re.match(r"src/app/(config|settings?)(_|\.)", n)]
    code = "\n".join(without_comments(read(n)) for n in sources)
    for member in members:
        if member not in SETTINGS_OF_THE_START and not re.search(rf"(\b_?config_?|\bloaded)\s*(\.|->)\s*{member}\b", code):
            found("src/app/config.hpp", 1, f"nothing reads the setting {member}")


def check_metrics():
    golden = {line.split()[0] for line in read("tests/golden/metrics.txt").splitlines() if line.strip()}
    source = read("src/telemetry/metrics.cpp") + read("src/telemetry/process_stats.cpp")
    named = set(re.findall(r'"((?:scalemart|process)_[a-z0-9_]+)"', source))
    for name in sorted(golden ^ named):
        found("tests/golden/metrics.txt", 1, f"{name} is in the golden list or in src/telemetry, not in both")
    documents = [n for n in tracked(".md") if n.startswith("docs/")]
    mentioned = "\n".join(read(n) for n in documents)
    if "scalemart_buys_total" in mentioned:  # the operator's page exists: then it is complete
        for name in sorted(golden):
            if name not in mentioned:
                found("docs/", 1, f"metric {name} is in no document")


def main():
    for name in tracked(".cpp", ".hpp"):
        text = read(name)
        code = without_comments(text)
        check_layers(name, text)
        check_banned(name, code)
        check_lines(name, text)
        check_text(name, text)
        check_sql(name, text)
    for name in tracked(".py", ".sh", ".cmake", "CMakeLists.txt", "dev"):
        check_text(name, read(name))
    check_cmake_table()
    check_folders()
    check_metrics()
    check_settings()
    for line in findings:
        print(line)
    print(f"tidy: {len(findings)} findings" if findings else "tidy: clean")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
