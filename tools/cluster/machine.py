"""What the cluster asks of the machine: ports, processes, patience."""
import os
import random
import socket
import time


class Problem(Exception):
    """The cluster cannot do what was asked; the message is one line that says what to do."""


class Misnamed(Problem):
    """Nobody of that name is in the cluster."""


def free_port(host="127.0.0.1"):
    """Below the ephemeral range, so that no outgoing connection takes it while its server is down."""
    source = random.SystemRandom()
    for _ in range(200):
        port = source.randrange(12000, 32000)
        if is_free(host, port):
            return port
    raise Problem("no free port between 12000 and 32000")


def is_free(host, port):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            return True
        except OSError as why:
            # An address of another network namespace: nobody is in our way there.
            return why.errno == 99


def birth(pid):
    """When the process began, in ticks since boot; None: there is none, or it has ended. With it a pid is one process
    for ever, however often the number is used again."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def processes_in(folder):
    """Pids whose working directory is this folder: a server's children, also when their parent is gone."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.readlink(f"/proc/{name}/cwd") == os.path.realpath(folder) and birth(name):
                found.append(int(name))
        except OSError:
            continue
    return found


def program_of(pid):
    """The file that it runs, also after that was replaced; None: it has ended, or is somebody else's."""
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    except OSError:
        return None


def parent(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def wait_until(condition, patience, what, every=0.05):
    """Polls until condition() is true, and returns its value."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Problem(f"not within {patience:g} s: {what() if callable(what) else what}")
        time.sleep(every)
