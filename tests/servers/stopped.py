"""A stopped process is one whose threads all stand still: the signal alone says nothing."""
import os
import time


def _states(pid):
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="utf-8", errors="replace") as file:
            yield file.read().rpartition(")")[2].split()[0]


def wait_until_stopped(pids, timeout=10):
    """Waits for the threads of processes that were sent SIGSTOP; those that have ended count as stopped."""
    deadline = time.monotonic() + timeout
    for pid in pids:
        while True:
            try:
                if all(state in "TZX" for state in _states(pid)):
                    break
            except OSError:
                break
            if time.monotonic() > deadline:
                raise RuntimeError(f"process {pid} does not stop")
            time.sleep(0.001)
