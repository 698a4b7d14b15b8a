"""A bare Debian 12 in a folder, with nothing but what the package says it needs, and programs that run in it."""
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile

import place

MIRROR = os.environ.get("SCALEMART_DEBIAN_MIRROR", "http://deb.debian.org/debian")
# In a mount namespace of its own: what is mounted is gone with the process.
ENTER = 'mount -t proc proc "$0/proc" && mount -t tmpfs none "$0/dev/shm" && exec chroot {user} "$0" "$@"'


class Bare:
    """`needs`: packages that are there from the beginning, so that a test asks the network for nothing."""

    def __init__(self, needs):
        self.root = tempfile.mkdtemp(prefix="scalemart-bare-")
        os.chmod(self.root, 0o755)
        place.run("tar", "-xf", archive(needs), "-C", self.root)

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.root, *(part.lstrip("/") for part in parts))

    def command(self, *words, user=""):
        return ["unshare", "--mount", "sh", "-c", ENTER.format(user=f"--userspec={user}" if user else ""), self.root, *words]

    def run(self, *words, user="", code=0, **more):
        return place.run(*self.command(*words, user=user), code=code, env=environment(**more))

    def spawn(self, *words, user, log, **more):
        return subprocess.Popen(self.command(*words, user=user), env=environment(**more), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=log)


def environment(**more):
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", **more}


def archive(needs):
    """Made once for these packages; later runs unpack it."""
    name = hashlib.sha256(" ".join(sorted(needs)).encode()).hexdigest()[:12]
    path = os.path.join(place.cache(), f"bookworm-{platform.machine()}-{name}.tar")
    if os.path.exists(path):
        return path
    with tempfile.TemporaryDirectory(prefix="scalemart-debootstrap-") as folder:
        root = os.path.join(folder, "root")
        steps = (("debootstrap", "--variant=minbase", "bookworm", root, MIRROR),
                 ("chroot", root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *needs),
                 ("chroot", root, "apt-get", "clean"),
                 ("tar", "-cf", path + ".part", "--exclude=./proc/*", "--exclude=./sys/*", "-C", root, "."))
        for step in steps:
            done = subprocess.run(step, env=environment(), text=True, capture_output=True, check=False)
            if done.returncode != 0:
                place.skip(f"no bare Debian can be made: {step[0]}: {(done.stdout + done.stderr).strip()[-300:]}")
    os.rename(path + ".part", path)
    return path
