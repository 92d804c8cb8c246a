"""The folder where the web server's workers keep their metrics, and which worker writes which files.

It lies in memory, never on the data's disk: the files are mapped, and a mapped file that finds its disk full kills
the process. Files go by slot, not by process id: workers are replaced all day (`max_requests`), a new one carries on
in the files of the one before, and a scrape never reads more files than there are workers.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import MutableMapping
from itertools import count
from pathlib import Path
from typing import Any, Final

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder made there is ours alone, or not used
_OURS: Final = "sigill-metrics-"


def open_folder(environment: MutableMapping[str, str], *, var: Path) -> Path:
    """Name the folder in `environment`, made and emptied. Raises OSError.

    One that is named already is used; else one for this data folder, so that a server that was killed leaves nothing
    that the next one does not find.
    """
    given = environment.get(VARIABLE)
    folder = Path(given) if given else _own_folder(var)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _empty(folder)
    environment[VARIABLE] = str(folder)
    return folder


def close_folder(_server: object) -> None:
    """Remove what the workers wrote (gunicorn's `on_exit`), and the folder if it is one of ours."""
    folder = _folder()
    if folder is not None:
        _empty(folder)
        if folder.name.startswith(_OURS):
            with contextlib.suppress(OSError):
                folder.rmdir()


def take_slot(server: Any, worker: Any) -> None:  # noqa: ANN401 - gunicorn brings no types
    """Give a worker the lowest number that no living worker has (gunicorn's `pre_fork`)."""
    taken = {getattr(other, "slot", None) for other in server.WORKERS.values()}
    worker.slot = next(number for number in count() if number not in taken)


def use_slot(_server: object, worker: Any) -> None:  # noqa: ANN401
    """Let the worker write into its slot's files (gunicorn's `post_fork`, before the application is loaded)."""
    if _folder() is not None:
        from prometheus_client import values  # noqa: PLC0415 - it looks for the folder when it is first imported

        values.ValueClass = values.MultiProcessValue(lambda: worker.slot)  # type: ignore[no-untyped-call]


def free_slot(_server: object, worker: Any) -> None:  # noqa: ANN401
    """Forget what a dead worker said of the present (gunicorn's `child_exit`); its counts stay."""
    folder = _folder()
    if folder is not None:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

        mark_process_dead(worker.slot, str(folder))  # type: ignore[no-untyped-call]


def _folder() -> Path | None:
    named = os.environ.get(VARIABLE)
    return Path(named) if named and Path(named).is_dir() else None


def _own_folder(var: Path) -> Path:
    above = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    folder = above / f"{_OURS}{os.getuid()}-{hashlib.sha256(os.fsencode(var)).hexdigest()[:12]}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    about = folder.lstat()
    if about.st_uid == os.getuid() and not folder.is_symlink() and not about.st_mode & 0o077:
        return folder
    return Path(tempfile.mkdtemp(prefix=_OURS))  # somebody else on this machine was first with the name


def _empty(folder: Path) -> None:
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)
