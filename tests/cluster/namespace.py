"""A second machine's network on this one: two links to it, of which one can be cut."""
import os
import subprocess


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Namespace:
    """`near` and `far` are the two ends of the link that is cut, `near_kept` and `far_kept` of the one that is not."""

    def __init__(self):
        number = os.getpid() % 64  # several tests at once do not meet
        self.name = f"scalemart-{os.getpid()}"
        self.links = {"cut": f"smc{os.getpid()}", "kept": f"smk{os.getpid()}"}
        self.near, self.far = f"10.213.{number}.1", f"10.213.{number}.2"
        self.near_kept, self.far_kept = f"10.214.{number}.1", f"10.214.{number}.2"
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "set", "lo", "up")
        for link, near, far in ((self.links["cut"], self.near, self.far), (self.links["kept"], self.near_kept, self.far_kept)):
            ip("link", "add", link, "type", "veth", "peer", "name", "far-" + link[:3], "netns", self.name)
            ip("addr", "add", near + "/30", "dev", link)
            ip("link", "set", link, "up")
            ip("-n", self.name, "addr", "add", far + "/30", "dev", "far-" + link[:3])
            ip("-n", self.name, "link", "set", "far-" + link[:3], "up")
        self.inside = ["ip", "netns", "exec", self.name]

    def cut(self):
        ip("link", "set", self.links["cut"], "down")

    def mend(self):
        ip("link", "set", self.links["cut"], "up")

    def remove(self):
        for link in self.links.values():
            subprocess.run(["ip", "link", "delete", link], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True, check=False)
