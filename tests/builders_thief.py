"""What a thief has who took the database and the logs but not the keys, and a quick way to look for a value in it."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Final

WINDOW: Final = 8
_RUNS: Final = re.compile(rb"[A-Za-z0-9_-]{16,}")
_HEX: Final = re.compile(rb"[0-9a-fA-F]{32,}")
_DEPTH: Final = 3  # a digest in the claims of a token in a bundle


class Loot:
    """All bytes there are, and all that base64url and hexadecimal in them decode to, at any offset."""

    def __init__(self, blobs: Iterable[bytes]) -> None:
        self._parts = list({part for blob in blobs for part in _decoded(blob, _DEPTH)})
        self._windows = {
            part[begin : begin + WINDOW] for part in self._parts for begin in range(len(part) - WINDOW + 1)
        }

    def holds(self, value: bytes) -> bool:
        """Tell whether a value of at least 8 bytes stands anywhere."""
        return value[:WINDOW] in self._windows and any(value in part for part in self._parts)

    def has_any(self, values: Iterable[bytes]) -> bool:
        """Tell whether any of these values does."""
        windows = self._windows
        return any(value[:WINDOW] in windows and self.holds(value) for value in values)


def _decoded(blob: bytes, depth: int) -> Iterator[bytes]:
    yield blob
    if depth == 0:
        return
    for run in _RUNS.findall(blob):
        for text in (run, run[: len(run) - len(run) % 4]):
            try:
                yield from _decoded(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)), depth - 1)
            except binascii.Error:
                continue
            break
    for run in _HEX.findall(blob):
        yield bytes.fromhex(run[: len(run) & ~1].decode())
