"""Which processes belong to one that we started, read from Linux's /proc."""

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A running process: its id, its parent's, when it started (clock ticks), and its command line."""

    pid: int
    parent: int
    started: int
    command: tuple[str, ...]


def read_process(pid: int) -> Process | None:
    """Return a process, or None where there is none, or only a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] in {"Z", "X"}:
        return None
    return Process(pid, int(fields[1]), int(fields[19]), tuple(command.decode(errors="replace").split("\0")[:-1]))


def descendants(pid: int) -> list[Process]:
    """Return every process below `pid`, parents first."""
    children: dict[int, list[Process]] = {}
    for entry in Path("/proc").iterdir():
        process = read_process(int(entry.name)) if entry.name.isdigit() else None
        if process is not None:
            children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(0), [])
        found += below
        waiting += [process.pid for process in below]
    return found


def send(process: Process, number: signal.Signals) -> bool:
    """Send a signal, if the process is still the one that was found; say whether it was."""
    now = read_process(process.pid)
    if now is None or now.started != process.started:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, number)
        return True
    return False
