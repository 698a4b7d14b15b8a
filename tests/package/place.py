"""Where things are, what this machine has, and how a test says that it cannot run."""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BINARY = os.environ.get("SCALEMART_BINARY", os.path.join(ROOT, "build", "scalemart"))
BUILD = os.environ.get("SCALEMART_BUILD", os.path.join(ROOT, "build"))
SKIPPED = 77


def skip(why):
    """Ends the program, loudly. Not from inside a test, where unittest would call it an error: from the module or setUpClass."""
    print(f"SKIPPED: {why}", file=sys.stderr)
    sys.exit(1 if os.environ.get("SCALEMART_REQUIRE_ALL") == "1" else SKIPPED)


def need(*programs):
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        skip(f"without {', '.join(missing)} there is nothing to test")


def need_root():
    if os.getuid() != 0:
        skip("it takes root")


def cache():
    """A folder that outlives the test, for what takes long to get."""
    path = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "scalemart")
    os.makedirs(path, exist_ok=True)
    return path


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def run(*command, code=0, **more):
    """The finished process; any other exit code is a failure that shows what was said."""
    done = subprocess.run(command, text=True, capture_output=True, check=False, **more)
    assert code is None or done.returncode == code, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done
