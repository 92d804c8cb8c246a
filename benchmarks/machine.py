"""What was measured on: for the reader of numbers that mean little elsewhere."""

import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.servers import ON_DISK, ROOT

_COMMITS: Final = 200
_PAGE: Final = b"\0" * 4096
_LIBRARIES: Final = ("gunicorn", "flask", "marshmallow", "pyjwt", "cryptography", "sqlalchemy")


def describe_machine() -> dict[str, str]:
    """Return what matters about this machine, its software and the code measured, as words."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "disk": f"a durable write of 4 kB takes {_disk_us():.0f} µs (median)",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "libraries": ", ".join(
            [*(f"{name} {version(name)}" for name in _LIBRARIES), f"SQLite {sqlite3.sqlite_version}"]
        ),
        "code": _commit(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _disk_us() -> float:
    taken = []
    with tempfile.TemporaryFile(dir=ON_DISK) as file:
        for _ in range(_COMMITS):
            file.write(_PAGE)
            file.flush()
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - begin) * 1e6)
    return median(taken)


def _commit() -> str:
    """Return the commit, and whether the files differ from it."""
    described = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        found = subprocess.run(described, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "not from a git checkout"
    return found.replace("-dirty", ", with changes")
