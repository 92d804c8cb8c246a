"""What this host has seen of the root log, kept beside the database and apart from it: `root.checkpoint`.

The file is the newest cosigned root checkpoint. A database that was restored from a backup, or a standby that was
behind when it was promoted, is shorter than that; the guarantor's own signature in the file says so.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from running.demo_file import replace_file
from sigill.errors import SigillError
from sigill.tlog.checkpoint import parse_checkpoint
from sigill.tlog.note import parse_note

NAME: Final = "root.checkpoint"
_MAX_BYTES: Final = 65_536


def keep_seen(folder: Path, note: str) -> None:
    """Keep a note unless the file has a larger one; of several processes one after the other. Raises OSError."""
    with _turn(folder):
        kept = read_seen(folder)
        if kept is None or (kept != note and _size(kept) <= _size(note)):
            replace_file(folder / NAME, note.encode())


def read_seen(folder: Path) -> str | None:
    """Return the note that was kept, or None: none yet, or not readable as one. Raises OSError."""
    try:
        with (folder / NAME).open("rb") as file:
            note = file.read(_MAX_BYTES).decode()
        _size(note)
    except (FileNotFoundError, UnicodeDecodeError, SigillError):
        return None
    return note


def _size(note: str) -> int:
    return parse_checkpoint(parse_note(note).text).size


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
