"""Seen before anything is started: is the port free, and does nobody else run over this data folder?"""

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_LOCK: Final = ".running"


class NotAlone(Exception):
    """Something else is running where this was to run; says what to do."""


def check_port_is_free(bind: str) -> None:
    """Raise NotAlone if `bind` (`address:port`) is taken, OSError if it cannot be listened on at all."""
    parts = urlsplit(f"//{bind}")
    address = (parts.hostname or "", parts.port or 0)
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        socket.create_server(address, family=family).close()
    except OSError as error:
        if not isinstance(error, PermissionError) and "in use" in str(error).lower():
            raise NotAlone(f"Port {parts.port} is taken. Try another: make run PORT={(parts.port or 0) + 1}") from None
        raise


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the data folder until the end of the block. Raises NotAlone if another start holds it, OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / _LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAlone(f"Sigill runs over {folder} already. Stop it, or use another folder: VAR=…") from None
        yield
