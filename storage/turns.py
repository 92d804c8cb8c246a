"""Turns at writing: one after the other of a machine's threads and processes, by a lock on the database's folder.

Looking for the lock every millisecond costs little, and whoever just had it has to queue like everybody else. Turns
are politeness: nothing depends on them, and after a second whoever has one is taken for a process that was stopped.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PAUSE_S: Final = 0.001
_LONGEST_S: Final = 1.0
_mine: Final = threading.local()
_owned: Final[set[Path]] = set()  # where a thread of this process has a turn for all that it writes


def take_turn(folder: Path) -> int | None:
    """Wait for a turn; return what `end_turn` ends it with. None if this process has one, or the folder is gone.

    Who has a turn of its own may be waiting for another thread to commit for it: that one is not to wait for the turn.
    """
    if getattr(_mine, "held", False) or folder in _owned:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # the database will say so
        return None
    deadline = time.monotonic() + _LONGEST_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if folder in _owned:
                os.close(descriptor)
                return None
            if time.monotonic() > deadline:
                return descriptor
            time.sleep(_PAUSE_S)
        else:
            return descriptor


def end_turn(turn: int | None) -> None:
    """Let the next one in, at once: an event loop may put off closing a file."""
    if turn is not None:
        fcntl.flock(turn, fcntl.LOCK_UN)
        os.close(turn)


@contextmanager
def own_turn(folder: Path) -> Iterator[None]:
    """Have a turn for everything this thread writes meanwhile."""
    turn = take_turn(folder)
    _mine.held = turn is not None or getattr(_mine, "held", False)
    if turn is not None:
        _owned.add(folder)
    try:
        yield
    finally:
        if turn is not None:
            _owned.discard(folder)
            _mine.held = False
            end_turn(turn)
