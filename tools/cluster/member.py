"""One process of the cluster: how it is started, and which one it is now."""
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field

from .machine import Problem, birth, parent, processes_in, program_of, wait_until

# Those that this program started itself: they must be waited for when they end.
_children = {}


@dataclass
class Member:
    name: str
    kind: str  # redis, sentinel, postgresql, ferretdb, supervisor, haproxy, gateway or worker
    host: str
    port: int  # 0: listens on none
    folder: str
    command: list
    environment: dict = field(default_factory=dict)
    account: dict = field(default_factory=dict)  # user and group by number; empty: as we are
    bus: int = 0  # of a Redis Cluster's node: the port of its talk with others
    wrapper: list = field(default_factory=list)  # a command in front: ip netns exec NAME
    stop_signal: int = signal.SIGTERM
    pid: int = 0
    born: int = 0

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    @property
    def log(self):
        return os.path.join(self.folder, "log")

    def is_alive(self):
        child = _children.get(self.pid)
        if child and child.poll() is not None:
            return False
        return bool(self.pid) and birth(self.pid) == self.born

    def launch(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SCALEMART_", "PG"))}
        with open(self.log, "ab") as log:
            try:
                # A session of its own: Ctrl-C in a terminal is not meant for it, and it outlives us.
                process = subprocess.Popen([*self.wrapper, *self.command], cwd=self.folder, stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=log, start_new_session=True,
                                           env={**environment, **self.environment}, **self.account)
            except OSError as why:
                raise Problem(f"{self.name} cannot be started: {why}") from why
        _children[process.pid] = process
        self.pid, self.born = process.pid, birth(process.pid) or 0

    def adopt(self):
        """Finds its process where whoever started it died before writing down which one it is: it runs this member's program in this
        member's folder (PostgreSQL: in the one for its data)."""
        if self.is_alive():
            return
        program = os.path.realpath(shutil.which(self.command[0]) or "")
        found = [pid for place in (self.folder, os.path.join(self.folder, "data")) for pid in processes_in(place)
                 if program_of(pid) == program]
        for pid in found:
            if parent(pid) not in found:
                self.pid, self.born = pid, birth(pid) or 0

    def signal(self, number):
        """To this process, by its id, and never to another one that has the id now."""
        if not self.is_alive():
            return
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        """kill -9 of it and of the processes that it made."""
        family = self.children()
        self.signal(signal.SIGKILL)
        wait_until(lambda: not self.is_alive(), 10, f"{self.name} (pid {self.pid}) is gone")
        if self.kind == "postgresql":  # its children are in its data folder, whoever is their parent now
            data = os.path.join(self.folder, "data")
            family += processes_in(data)
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if family:
            wait_until(lambda: not any(birth(pid) for pid in family), 10, f"the processes of {self.name} are gone")

    def stop(self, patience=30):
        """In order; kill -9 when that takes too long."""
        if not self.is_alive():
            return
        for pid in [self.pid, *self.children()]:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
        self.signal(self.stop_signal)
        try:
            wait_until(lambda: not self.is_alive(), patience, self.name)
        except Problem:
            self.kill()

    def freeze(self):
        for pid in [self.pid, *self.children()]:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in [self.pid, *self.children()]:
            os.kill(pid, signal.SIGCONT)

    def children(self):
        """Only servers that are many processes have some."""
        if self.kind not in ("postgresql", "haproxy") or not self.is_alive():
            return []
        try:
            with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as file:
                return [int(pid) for pid in file.read().split()]
        except OSError:
            return []

    def last_line(self):
        return (self.last_words().splitlines() or ["it said nothing"])[-1]

    def last_words(self, size=600):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return file.read()[-size:].strip()
        except OSError:
            return ""
