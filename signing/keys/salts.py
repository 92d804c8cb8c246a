"""Salt keys: one per operator and month, outside the database.

A stolen database or log lets nobody test whether a message was "Yes"; destroying a month's file is the final erasure.
A month whose file was destroyed or lost gets a new key for its new seals; its earlier seals can no longer be opened
(an opener proves the key against the seal), and are never taken for false.
"""

from collections import OrderedDict
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

from signing.keys.files import load_secret, open_secret, overwrite_and_remove

CACHED: Final = 1024  # operators that seal at the same time; each is one month's key
_Mark = tuple[int, int, int]


class SaltKeys:
    """The salt keys of a folder: `<operator>/<year>-<month>.key`, each read anew when its file changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache: OrderedDict[Path, tuple[_Mark, bytes]] = OrderedDict()
        self._lock = Lock()

    def for_sealing(self, operator_id: str, at: datetime) -> bytes:
        """Return the key of `at`'s month (UTC), made now if there is none. Raises KeyUnusable.

        A key whose file is gone is not used any longer, in any process.
        """
        path = self._path(operator_id, at)
        mark = _mark(path)
        kept = self._kept(path)
        if kept is not None and kept[0] == mark:
            return kept[1]
        if mark is None:
            open_secret(path, make=True)
            mark = _mark(path)
        key = open_secret(path, make=True)
        if mark is not None:  # of a file not younger than what was read: a newer one is noticed at the next seal
            self._keep(path, mark, key)
        return key

    def for_checking(self, operator_id: str, at: datetime) -> bytes | None:
        """Return the key of `at`'s month, or None if it was never made or is destroyed. Raises KeyUnusable."""
        return load_secret(self._path(operator_id, at))

    def has(self, operator_id: str, year: int, month: int) -> bool:
        """Tell whether any file of that month's key is there."""
        return any(self._files(operator_id, year, month))

    def destroy(self, operator_id: str, year: int, month: int) -> int:
        """Overwrite and remove every file of a month's key; return how many there were. Raises OSError.

        On a disk that writes elsewhere when it overwrites (flash, copies on write, snapshots) the old bytes may live
        on until the disk needs the room: keep the keys on an encrypted volume.
        """
        found = self._files(operator_id, year, month)
        for path in found:
            overwrite_and_remove(path)
            with self._lock:
                self._cache.pop(path, None)
        return len(found)

    def _files(self, operator_id: str, year: int, month: int) -> list[Path]:
        return sorted((self._folder / operator_id).glob(f"{year:04}-{month:02}*.key"))

    def _kept(self, path: Path) -> tuple[_Mark, bytes] | None:
        with self._lock:
            if path in self._cache:
                self._cache.move_to_end(path)
            return self._cache.get(path)

    def _keep(self, path: Path, mark: _Mark, key: bytes) -> None:
        with self._lock:
            self._cache[path] = (mark, key)
            self._cache.move_to_end(path)
            while len(self._cache) > CACHED:
                self._cache.popitem(last=False)

    def _path(self, operator_id: str, at: datetime) -> Path:
        return _path_of(self._folder, operator_id, at.year, at.month)


@lru_cache(maxsize=2 * CACHED)
def _path_of(folder: Path, operator_id: str, year: int, month: int) -> Path:
    return folder / operator_id / f"{year:04}-{month:02}.key"


def _mark(path: Path) -> _Mark | None:
    """Return what tells one file from another put in its place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_ctime_ns)
