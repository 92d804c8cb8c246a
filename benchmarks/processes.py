"""What processes have used, read from Linux's /proc: CPU time and memory of a process and all below it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_UTIME: Final = 11  # the first of utime, stime, cutime, cstime, counted after the name's closing bracket


def tree_of(pid: int) -> Iterator[int]:
    """Yield a process and its living descendants."""
    yield pid
    for task in (_PROC / str(pid) / "task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from tree_of(int(child))


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds: all, and those of them in the kernel (sockets, disk, locks)."""

    all_s: float
    kernel_s: float

    def __sub__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.all_s - other.all_s, self.kernel_s - other.kernel_s)


def cpu_of(pid: int) -> Cpu:
    """Return what a process and all below it used, those that ended included; precise to a tick (10 ms) a process."""
    ticks = [_ticks(each) for each in tree_of(pid)]
    return Cpu(sum(user + kernel for user, kernel in ticks) / _TICKS_PER_S, sum(k for _, k in ticks) / _TICKS_PER_S)


def memory_mb(pid: int) -> tuple[float, float]:
    """Return a process's resident memory and its proportional share of it (PSS), in MB of 10^6 bytes."""
    values: dict[str, float] = {}
    for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]:
        name, kib = line.split()[:2]
        values[name] = int(kib) * 1024 / 1e6
    return values["Rss:"], values["Pss:"]


def peak_mb(pid: int) -> float:
    """Return a process's resident memory at its greatest so far, in MB of 10^6 bytes; 0 once it has ended.

    The figure that `wait` gives at the end will not do: it holds what the process that started it had in memory.
    """
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def children_of(pid: int) -> list[int]:
    """Return the direct children: gunicorn's workers below its master."""
    return [int(child) for child in (_PROC / str(pid) / "task" / str(pid) / "children").read_text().split()]


def _ticks(pid: int) -> tuple[int, int]:
    """Return a process's own ticks and those of its children that ended: outside the kernel, and in it."""
    try:
        after_name = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:  # it ended meanwhile: its parent has them now, or nobody asks
        return 0, 0
    user, kernel, ended_user, ended_kernel = map(int, after_name[_UTIME : _UTIME + 4])
    return user + ended_user, kernel + ended_kernel
