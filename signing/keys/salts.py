"""Salt keys: one per operator and month, outside the database.

A stolen database or log lets nobody test whether a message was "Yes"; destroying a month's file is the final erasure.
"""

from datetime import datetime
from pathlib import Path

from signing.keys.files import load_or_make_secret, load_secret


class SaltKeys:
    """The salt keys of a folder: `<operator>/<year>-<month>.key`, each read once per process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache: dict[Path, bytes] = {}

    def for_sealing(self, operator_id: str, at: datetime) -> bytes:
        """Return the key of `at`'s month (UTC), made now if there is none."""
        path = self._path(operator_id, at)
        if path not in self._cache:
            self._cache[path] = load_or_make_secret(path)
        return self._cache[path]

    def for_checking(self, operator_id: str, at: datetime) -> bytes | None:
        """Return the key of `at`'s month, or None if it was never made or is destroyed."""
        return load_secret(self._path(operator_id, at))

    def _path(self, operator_id: str, at: datetime) -> Path:
        return self._folder / operator_id / f"{at:%Y-%m}.key"
