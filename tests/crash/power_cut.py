#!/usr/bin/env python3
"""Cuts the power of the disk again and again: every answer must still be true afterwards.

The disk is a file with ext4, mounted by a loop device. ext4's shutdown ioctl without a log flush drops whatever was
not synced, as a power cut does: the file system goes dead, the writer is killed, the disk is mounted again.
Only what was said before the cut began counts. Nothing is answered after a real one, but here the writer lives on for
a moment, and ext4 lies to a sync that meets the shutdown: jbd2_complete_transaction() finds the transaction gone,
takes it for committed and does not ask whether the journal was aborted. (A program that only appends and calls
fdatasync loses its last record so in about one cut of ten; never one that was synced before the cut.)
With --expect-loss the writer is one that does not sync, and losing nothing is the failure: the loop can see.
Needs root and loop devices.
"""

import argparse
import errno
import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import crash_loop

EXT4_IOC_SHUTDOWN = (2 << 30) | (4 << 16) | (ord("X") << 8) | 125  # _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2
IMAGE_BYTES = 1 << 30


class Disk:
    def __init__(self, folder):
        self.image = os.path.join(folder, "disk")
        self.mount_point = os.path.join(folder, "mnt")
        os.mkdir(self.mount_point)
        with open(self.image, "wb") as image:
            image.truncate(IMAGE_BYTES)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1", self.image], check=True)
        self.mounted = False

    def mount(self):
        subprocess.run(["mount", "-o", "loop", self.image, self.mount_point], check=True, capture_output=True)
        self.mounted = True

    def cut_power(self):
        handle = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(handle)

    def unmount(self):
        if not self.mounted:
            return
        for _ in range(50):
            if subprocess.run(["umount", self.mount_point], capture_output=True).returncode == 0:
                self.mounted = False
                return
            time.sleep(0.02)
        subprocess.run(["umount", "-l", self.mount_point], check=True)
        self.mounted = False


def require_tools():
    os.environ["PATH"] += os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"
    if os.geteuid() != 0:
        crash_loop.skip("the power-cut loop mounts a disk: run as root")
    for tool in ("mkfs.ext4", "mount", "umount"):
        if shutil.which(tool) is None:
            crash_loop.skip(f"the power-cut loop needs {tool}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writer", required=True, help="path of crash_writer")
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--expect-loss", action="store_true", help="the writer does not sync: it must lose")
    arguments = parser.parse_args()
    require_tools()
    crash_loop.die_tidily()
    name = "power cut without sync" if arguments.expect_loss else "power cut"
    with tempfile.TemporaryDirectory(prefix="scalemart-power-") as temp:
        disk = Disk(temp)
        try:
            try:
                disk.mount()
            except subprocess.CalledProcessError as failed:
                crash_loop.skip(f"a loop device cannot be mounted here: {failed.stderr.decode().strip()}")

            def crash(writer):
                if arguments.expect_loss:
                    # Everything so far is on the disk: only what is said from now on can be lost.
                    subprocess.run(["sync", "-f", disk.mount_point], check=True)
                    time.sleep(0.1)
                said_bytes = len(writer.said)
                try:
                    disk.cut_power()
                except OSError as failed:
                    writer.kill()
                    if failed.errno in (errno.ENOTTY, errno.EOPNOTSUPP, errno.EPERM):
                        crash_loop.skip(f"this kernel cannot shut ext4 down: {failed}")
                    raise
                lines = writer.kill(said_bytes)
                disk.unmount()
                disk.mount()
                return lines

            folder = os.path.join(disk.mount_point, "data")
            cycles, answers, lost, _ = crash_loop.run(name, arguments.writer, folder, arguments.cycles, crash, arguments.seed)
        finally:
            disk.unmount()
    if arguments.expect_loss:
        print(f"{name}: {lost} of {answers} answers lost after {cycles} cycles, as it must be" if lost else
              f"{name}: FAILED: nothing was lost, so this loop cannot see a missing sync", flush=True)
        sys.exit(0 if lost else 1)
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
