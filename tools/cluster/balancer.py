"""HAProxy in front of the gateways: deploy/haproxy/haproxy.cfg with this cluster's addresses."""
import os
import re
import shutil
import socket

from .machine import Problem, is_free, wait_until
from .member import Member
from .store import ROOT, write

CONF = os.path.join(ROOT, "deploy", "haproxy", "haproxy.cfg")


def program():
    found = shutil.which("haproxy") or "/usr/sbin/haproxy"  # not in everybody's path
    if not os.access(found, os.X_OK):
        raise Problem("HAProxy is not installed: apt-get install haproxy")
    return found


class Balancer:
    def __init__(self, store, host, port):
        self.store, self.host, self.port = store, host, port

    def insist_on_port(self):
        if not is_free(self.host, self.port):
            raise Problem(f"{self.host}:{self.port} is in use: choose another one with --port")

    def set_up(self):
        self.insist_on_port()
        folder = os.path.join(self.store.folder, "haproxy")
        conf = os.path.join(folder, "haproxy.cfg")
        environment = {"SHOP_LISTEN": f"{self.host}:{self.port}", "SHOP_HAPROXY_SOCKET": os.path.join(folder, "admin.sock")}
        for gateway in self.store.of("gateway"):
            environment["SHOP_" + gateway.name.upper().replace("-", "_")] = gateway.address
        self.store.add(Member("haproxy", "haproxy", self.host, self.port, folder, [program(), "-db", "-f", conf], environment))
        write(conf, self._configuration())
        self.start()

    def _configuration(self):
        """With as many gateways as there are."""
        with open(CONF, encoding="utf-8") as file:
            text = file.read()
        line = r'( *server gateway-)\d+ "\$\{SHOP_GATEWAY_\d+\}"\n'
        one = re.search(line, text)
        if not one:
            raise Problem(f"{CONF} has no line for a gateway")
        numbers = range(1, len(self.store.of("gateway")) + 1)
        return re.sub(f"({line})+", "".join(f'{one[1]}{n} "${{SHOP_GATEWAY_{n}}}"\n' for n in numbers), text)

    def start(self):
        member = self.store.members["haproxy"]
        member.launch()
        self.store.save()

        def listens():
            if not member.is_alive():
                raise Problem(f"haproxy ended: {member.last_words()}")
            return bool(self.states())
        wait_until(listens, 10, lambda: f"haproxy answers: {member.last_words()}")

    def states(self):
        """What HAProxy thinks of each gateway: UP, DOWN or on the way."""
        member = self.store.members["haproxy"]
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(member.environment["SHOP_HAPROXY_SOCKET"])
                connection.sendall(b"show stat\n")
                text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        except OSError:
            return {}
        rows = [line.split(",") for line in text.splitlines() if line and not line.startswith("#")]
        return {row[1]: row[17] for row in rows if row[0] == "gateways" and row[1] != "BACKEND"}
