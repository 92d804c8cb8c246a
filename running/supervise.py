"""A supervisor for a handful of processes: starts them, starts again what dies, and leaves none behind.

Each child leads a process group of its own and writes straight to the supervisor's output, so nothing is lost or
delayed when the supervisor is busy or dies. When a child dies, whatever is left of its group is killed before it
starts again (a web server's workers would otherwise keep its port). On Linux the kernel kills the children of a
supervisor that was itself killed without warning; elsewhere they are left to notice.
"""

import contextlib
import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

from running.restarts import NEVER_STARTED, Resting, Running, after_death, after_start, due, seconds_to_next_start

_STOP_SIGNALS: Final = frozenset({signal.SIGTERM, signal.SIGINT})
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_POLL_S: Final = 0.05
_LONGEST_SLEEP_S: Final = 5.0  # a wake-up that got lost costs at most this


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running. `argv[0]` is a path or found on PATH; `env` comes on top of the supervisor's own."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


def supervise(
    children: Sequence[Child],
    *,
    grace_s: float = 15.0,
    say: Callable[[str], None] | None = None,
) -> int:
    """Keep the children running until SIGTERM or SIGINT; then end them all and return 0.

    Ends a child with SIGTERM, and after `grace_s` its whole process group with SIGKILL. `say` is told each start and
    death in one line; by default standard error is. Names must differ. Only for a main thread with no other threads:
    the process's signal handlers and its SIGCHLD are taken over meanwhile.
    """
    troop = _Troop({child.name: child for child in children}, say=say or _say)
    if len(troop.children) != len(children):
        raise ValueError("two children of one name")
    with _signals() as (wake, received):
        try:
            while not received & _STOP_SIGNALS:
                troop.start_what_is_due()
                pause = seconds_to_next_start(troop.states, at_s=time.monotonic())
                _sleep_until_signal(wake, min(_LONGEST_SLEEP_S, _LONGEST_SLEEP_S if pause is None else pause))
                troop.bury_the_dead()
        finally:
            troop.end(grace_s=grace_s)
    return 0


class _Troop:
    """The children, their states, and the processes of those that are running."""

    def __init__(self, children: Mapping[str, Child], *, say: Callable[[str], None]) -> None:
        self.children = children
        self.states: dict[str, Running | Resting] = dict.fromkeys(children, NEVER_STARTED)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._say = say

    def start_what_is_due(self) -> None:
        """Start every child whose rest is over. One that cannot be started counts as having died at once."""
        for name in due(self.states, at_s=time.monotonic()):
            state = self.states[name]
            if not isinstance(state, Resting):  # pragma: no cover (due() names resting children only)
                continue
            running = after_start(state, at_s=time.monotonic())
            try:
                process = _start(self.children[name])
            except OSError as error:
                self._rest(name, running, f"cannot be started ({error.strerror})")
                continue
            self._processes[name] = process
            self.states[name] = running
            self._say(f"{name}: started, process {process.pid}")

    def bury_the_dead(self) -> None:
        """Notice each child that died, kill what is left of its group, and set its rest."""
        for name, process in list(self._processes.items()):
            if not _is_dead(process):
                continue
            del self._processes[name]
            state = self.states[name]
            if isinstance(state, Running):
                self._rest(name, state, _how_it_ended(process.returncode))

    def end(self, *, grace_s: float) -> None:
        """End every child: SIGTERM, then SIGKILL for its group. Returns when none is left."""
        deadline = time.monotonic() + grace_s
        for process in self._processes.values():
            process.terminate()
        while self._processes and time.monotonic() < deadline:
            self._processes = {name: process for name, process in self._processes.items() if not _is_dead(process)}
            time.sleep(_POLL_S)
        for name, process in self._processes.items():
            self._say(f"{name}: did not stop within {grace_s:g} s and is killed")
            _kill_group(process)
            process.wait()
        self._processes = {}

    def _rest(self, name: str, state: Running, what: str) -> None:
        now = time.monotonic()
        resting = after_death(state, at_s=now)
        self.states[name] = resting
        self._say(f"{name}: {what}; starting again in {resting.until_s - now:g} s")


def _start(child: Child) -> subprocess.Popen[bytes]:
    """Start a child as leader of its own session. Raises OSError."""
    return subprocess.Popen(  # noqa: S603 (the caller's own commands, no shell)
        child.argv,
        env={**os.environ, **child.env},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 (safe: the supervisor has no other thread)
    )


def _die_with(parent: int) -> Callable[[], None] | None:
    """Return what a new child runs so that the kernel kills it when `parent` dies; None where no kernel does that."""
    if sys.platform != "linux":  # pragma: no cover
        return None
    libc = ctypes.CDLL(None)

    def tie() -> None:  # pragma: no cover (runs in the child, where coverage is not measured)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died in between
            os.kill(os.getpid(), signal.SIGKILL)

    return tie


def _is_dead(process: subprocess.Popen[bytes]) -> bool:
    """Say whether a child has died; if so, nothing is left of its group."""
    if process.poll() is None:
        return False
    _kill_group(process)
    return True


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of a child's process group; its number is the child's while any member lives."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _how_it_ended(returncode: int) -> str:
    if returncode >= 0:
        return f"ended with status {returncode}"
    return f"was killed by {signal.Signals(-returncode).name}"


@contextlib.contextmanager
def _signals() -> Iterator[tuple[socket.socket, set[int]]]:
    """Yield a socket that becomes readable at a signal, and the set of signals seen; afterwards all is as before."""
    received: set[int] = set()
    wake, waker = socket.socketpair()

    def note(number: int, _: FrameType | None) -> None:
        received.add(number)

    with wake, waker:
        wake.setblocking(False)  # noqa: FBT003 (the standard library's signature)
        waker.setblocking(False)  # noqa: FBT003
        former_fd = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        former = {number: signal.signal(number, note) for number in (*_STOP_SIGNALS, signal.SIGCHLD)}
        try:
            yield wake, received
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(former_fd)


def _sleep_until_signal(wake: socket.socket, seconds: float) -> None:
    """Return at the next signal, or after so many seconds."""
    readable, _, _ = select.select([wake], [], [], seconds)
    if readable:
        wake.recv(4096)


def _say(line: str) -> None:
    sys.stderr.write(f"supervisor: {line}\n")
    sys.stderr.flush()
