"""A machine to install on: this one's files under an overlay that is thrown away, in a mount namespace of this process. It has
what the package depends on, and no systemd running, as in a container."""
import ctypes
import os
import subprocess
import tempfile

import place

CLONE_NEWNS = 0x20000


class Machine:
    """One at a time and for good: the process stays in the namespace."""

    def __init__(self):
        place.need_root()
        place.need("mount", "dpkg", "chroot", "runuser")
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNS) != 0:
            place.skip(f"no mount namespace of our own: {os.strerror(ctypes.get_errno())}")
        self.base = tempfile.mkdtemp(prefix="scalemart-machine-")
        self.root = os.path.join(self.base, "root")
        place.run("mount", "--make-rprivate", "/")
        place.run("mount", "-t", "tmpfs", "tmpfs", self.base)
        for name in ("upper", "work", "root"):
            os.mkdir(os.path.join(self.base, name))
        done = place.run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={self.base}/upper,workdir={self.base}/work",
                         self.root, code=None)
        if done.returncode != 0:
            place.skip(f"no overlay over this machine's files: {done.stderr.strip()}")
        for name in ("proc", "dev"):
            place.run("mount", "--bind", "/" + name, os.path.join(self.root, name))
        place.run("mount", "-t", "tmpfs", "tmpfs", self.path("run"))
        place.run("mount", "-t", "tmpfs", "tmpfs", self.path("tmp"))
        os.chmod(self.path("tmp"), 0o1777)
        # Where the project itself was installed, it is not here.
        self.run("dpkg", "--purge", "scalemart", code=None)

    def remove(self):
        for name in ("root/tmp", "root/run", "root/dev", "root/proc", "root", ""):
            place.run("umount", "-l", os.path.join(self.base, name), code=None)
        os.rmdir(self.base)

    def path(self, *names):
        return os.path.join(self.root, *(name.lstrip("/") for name in names))

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def owner_and_mode(self, name):
        return self.run("stat", "-c", "%U:%G %a", name).stdout.strip()

    def run(self, *command, code=0, **more):
        return place.run("chroot", self.root, *command, code=code, **more)

    def start(self, *command, env, log):
        """As the shop's user; the process in front of it ends with it."""
        return subprocess.Popen(["chroot", self.root, "runuser", "-u", "scalemart", "--", *command],
                                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def install(self, package, code=0):
        """dpkg's words."""
        name = os.path.basename(package)
        with open(package, "rb") as source, open(self.path("tmp", name), "wb") as target:
            target.write(source.read())
        done = self.run("dpkg", "--force-confold", "-i", "/tmp/" + name, code=None, env={"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin",
                        "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})
        assert (done.returncode == 0) == (code == 0), done.stdout + done.stderr
        return done.stdout + done.stderr
