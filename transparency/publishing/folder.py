"""A folder as a target: what a web server serves as it lies there. A reader sees an object whole, or not at all.

Beside the objects the folder holds `.publishing/`: the lock that checkpoints are exchanged under, and drafts.
"""

import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from transparency.publishing.plan import Headers
from transparency.publishing.target import MAX_OBJECT_BYTES, Stored, TargetUnavailable, TargetWrong

_OWN: Final = ".publishing"
_NAME: Final = re.compile(r"(?:(?!\.\.?/)[A-Za-z0-9._-]+/)*(?!\.\.?\Z)[A-Za-z0-9._-]+\Z", re.ASCII)
_RENAMED_AGAIN: Final = 8


class FolderTarget:
    """Objects as files below `folder`: for everybody to read, or (`private`) for the owner and the group only."""

    workers: Final = 1

    def __init__(self, folder: Path, *, private: bool = False) -> None:
        self._folder = folder
        self._file_mode, self._folder_mode = (0o640, 0o750) if private else (0o644, 0o755)

    def __str__(self) -> str:
        return str(self._folder)

    def get(self, name: str) -> Stored | None:
        """Read a file."""
        try:
            with self._path(name).open("rb") as file:
                data = file.read(MAX_OBJECT_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unavailable(name, error) from error
        if len(data) > MAX_OBJECT_BYTES:
            raise TargetWrong(f"{name} is longer than anything that was published")
        return Stored(data, hashlib.sha256(data).hexdigest())

    def put(self, name: str, data: bytes, headers: Headers) -> None:  # noqa: ARG002 - a web server sets the headers
        """Write a draft, sync it, rename it, sync its folder."""
        path = self._path(name)
        try:
            draft = self._draft(data)
            try:
                self._rename(draft, path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _unavailable(name, error) from error

    def swap(self, name: str, data: bytes, headers: Headers, *, over: Stored | None) -> bool:
        """Compare and write under a lock that every publisher of this folder takes."""
        with self._locked(name):
            if self.get(name) != over:
                return False
            self.put(name, data, headers)
            return True

    def list(self, folder: str) -> Iterator[str]:
        """Walk the folder, without what is this class's own."""
        top = self._folder / folder
        for path, folders, files in os.walk(top):
            if Path(path) == self._folder and _OWN in folders:
                folders.remove(_OWN)
            for file in files:
                yield (Path(path) / file).relative_to(self._folder).as_posix()

    def delete(self, name: str) -> None:
        """Remove a file, and its folder if that is empty now."""
        path = self._path(name)
        try:
            path.unlink(missing_ok=True)
            if path.parent.name.endswith(".p") and not any(path.parent.iterdir()):
                path.parent.rmdir()
        except FileNotFoundError:
            return  # another publisher removed the folder
        except OSError as error:
            raise _unavailable(name, error) from error

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise ValueError(f"{name[:80]!r} is no name of an object")
        return self._folder / name

    def _draft(self, data: bytes) -> Path:
        folder = self._folder / _OWN
        self._make(folder)
        draft = folder / secrets.token_hex(8)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, self._file_mode), "wb") as file:
            os.fchmod(file.fileno(), self._file_mode)  # whatever the umask is
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _rename(self, draft: Path, path: Path) -> None:
        """Move a draft to its place; the folder may be removed in between, when it was empty."""
        for attempt in range(_RENAMED_AGAIN):
            self._make(path.parent)
            try:
                draft.replace(path)
                break
            except FileNotFoundError:
                if attempt == _RENAMED_AGAIN - 1:
                    raise
        _sync(path.parent)

    def _make(self, folder: Path) -> None:
        """Make a folder and those above it, durably."""
        if folder.is_dir():
            return
        if folder != self._folder:
            self._make(folder.parent)
        else:
            folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir()
            folder.chmod(self._folder_mode)
        except FileExistsError:
            return
        _sync(folder.parent)

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        try:
            self._make(self._folder / _OWN)
            with (self._folder / _OWN / "lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise _unavailable(name, error) from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unavailable(name: str, error: OSError) -> TargetUnavailable:
    return TargetUnavailable(f"{name} cannot be read or written: {error.strerror}")
