"""Random bytes by the thousand: asked of the system a page at a time, since each asking lets another thread in."""

import secrets
from threading import Lock
from typing import Final

_PAGE_BYTES: Final = 4096


class Randomness:
    """A CSPRNG's output, each byte given out once. Make it after forking: two processes must not share a page."""

    def __init__(self) -> None:
        self._page = b""
        self._taken = 0
        self._lock = Lock()

    def take(self, count: int) -> bytes:
        """Return `count` random bytes."""
        with self._lock:
            if self._taken + count > len(self._page):
                self._page = secrets.token_bytes(max(_PAGE_BYTES, count))
                self._taken = 0
            begin = self._taken
            self._taken += count
            return self._page[begin : self._taken]
