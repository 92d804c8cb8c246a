"""Salt keys: one per operator and month, outside the database.

A stolen database or log lets nobody test whether a message was "Yes"; destroying a month's files is the final erasure.
A month whose files were destroyed or lost gets a new key for its new seals; its earlier seals can no longer be opened
(an opener proves the key against the seal), and are never taken for false. A month whose key was rotated has several:
the newest makes salts, and each opens what it sealed.
"""

import os
import re
import time
from collections import OrderedDict
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

from signing.errors import KeyUnusable
from signing.keys.files import Mark, load_secret, mark_of, open_secret, overwrite_and_remove

CACHED: Final = 1024  # operators that seal at the same time; each is one month's key
LOOKED_AT_EVERY_S: Final = 1.0
MAX_GENERATIONS: Final = 100  # in a month: each is tried when a seal is opened
_FILE: Final = re.compile(r"([0-9]{4}-[0-9]{2})(?:\.([1-9][0-9]{0,3}))?\.key\Z")


class _Kept(NamedTuple):
    path: Path
    mark: Mark
    key: bytes
    next_look_s: float


class SaltKeys:
    """The salt keys of a folder: `<operator>/<year>-<month>.key`, after a rotation `<year>-<month>.2.key` beside it.

    Each is read anew when its file changed; a rotation is found within a second.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache: OrderedDict[Path, _Kept] = OrderedDict()
        self._lock = Lock()

    def for_sealing(self, operator_id: str, at: datetime) -> bytes:
        """Return the newest key of `at`'s month (UTC), made now if there is none. Raises KeyUnusable.

        A key whose file is gone is not used any longer, in any process.
        """
        month = self._path(operator_id, at)
        kept = self._kept(month)
        if kept is not None and mark_of(kept.path) == kept.mark:
            now_s = time.monotonic()
            if now_s < kept.next_look_s:
                return kept.key
            if mark_of(_next(kept.path)) is None:
                self._keep(month, kept._replace(next_look_s=now_s + LOOKED_AT_EVERY_S))
                return kept.key
        path = next(iter(self._generations(month)), month)
        mark = mark_of(path)
        if mark is None:
            open_secret(path, make=True)
            mark = mark_of(path)
        key = open_secret(path, make=True)
        if mark is not None:  # of a file not younger than what was read: a newer one is noticed at the next seal
            self._keep(month, _Kept(path, mark, key, time.monotonic() + LOOKED_AT_EVERY_S))
        return key

    def for_checking(self, operator_id: str, at: datetime) -> tuple[bytes, ...]:
        """Return the keys of `at`'s month, newest first: none if it was never made or is destroyed.

        Raises KeyUnusable.
        """
        found = (load_secret(path) for path in self._generations(self._path(operator_id, at)))
        return tuple(key for key in found if key is not None)

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
            self._cache.pop(_path_of(self._folder, operator_id, year, month), None)
        return len(found)

    def _files(self, operator_id: str, year: int, month: int) -> list[Path]:
        return sorted((self._folder / operator_id).glob(f"{year:04}-{month:02}*.key"))

    def rotate(self, operator_id: str, at: datetime) -> int:
        """Make the next key of `at`'s month, if it has one; return which generation seals now, 0 for none.

        Raises KeyUnusable.
        """
        generations = self._generations(self._path(operator_id, at))
        if not generations:
            return 0  # the month's first seal makes its key
        following = _next(generations[0])
        generation = _generation(following)
        if generation > MAX_GENERATIONS:
            raise KeyUnusable(f"{operator_id} has {MAX_GENERATIONS} salt keys this month already")
        open_secret(following, make=True)
        return generation

    def generations(self, operator_id: str, at: datetime) -> tuple[int, ...]:
        """Return which generations `at`'s month has, newest first. Raises KeyUnusable."""
        return tuple(map(_generation, self._generations(self._path(operator_id, at))))

    def operators(self) -> tuple[str, ...]:
        """Return which operators have salt keys, in order. Raises KeyUnusable."""
        return tuple(sorted(_names(self._folder)))

    def _generations(self, month: Path) -> list[Path]:
        """Return the files of a month, newest first."""
        begin = f"{month.stem}."
        found = [name for name in _names(month.parent) if name.startswith(begin) and _FILE.match(name)]
        return sorted((month.parent / name for name in found), key=_generation, reverse=True)

    def _kept(self, month: Path) -> _Kept | None:
        with self._lock:
            if month in self._cache:
                self._cache.move_to_end(month)
            return self._cache.get(month)

    def _keep(self, month: Path, kept: _Kept) -> None:
        with self._lock:
            self._cache[month] = kept
            self._cache.move_to_end(month)
            while len(self._cache) > CACHED:
                self._cache.popitem(last=False)

    def _path(self, operator_id: str, at: datetime) -> Path:
        return _path_of(self._folder, operator_id, at.year, at.month)


@lru_cache(maxsize=2 * CACHED)
def _path_of(folder: Path, operator_id: str, year: int, month: int) -> Path:
    return folder / operator_id / f"{year:04}-{month:02}.key"


def _generation(path: Path) -> int:
    found = _FILE.match(path.name)
    return int(found[2] or 1) if found else 0


def _next(path: Path) -> Path:
    """Return where the generation after a key's is."""
    return path.with_name(f"{path.name[:7]}.{_generation(path) + 1}.key")


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are all that is wanted
    except FileNotFoundError:
        return []
    except OSError as error:
        raise KeyUnusable(f"{folder.name} cannot be read: {error.strerror}") from None
