#!/usr/bin/env python3
"""Kills the writer with SIGKILL again and again: every answer it gave must still be true after the restart.

This proves that no answer is given before its record is handed to the kernel; that the record is on the disk is
power_cut.py's to show.
"""

import argparse
import os
import random
import sys
import tempfile

import crash_loop


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writer", required=True, help="path of crash_writer")
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    crash_loop.die_tidily()
    with tempfile.TemporaryDirectory(prefix="scalemart-kill-") as temp:
        lost = crash_loop.run("kill loop", arguments.writer, os.path.join(temp, "data"), arguments.cycles,
                              lambda writer: writer.kill(), arguments.seed)[2]
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
