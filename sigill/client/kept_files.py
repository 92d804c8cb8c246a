"""Small files that are whole or not there, whatever stops the process: what an auditor or a monitor keeps."""

import os
from pathlib import Path

from sigill.client.errors import SettingsRefused


def replace_file(path: Path, content: str) -> None:
    """Write a text so that `path` holds the old one or the new one, also after a crash. Raises SettingsRefused."""
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(content.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise SettingsRefused(f"{path} cannot be written: {error.strerror or error}.") from error


def read_file(path: Path, *, max_bytes: int) -> str | None:
    """Return a file's text, None where there is none. Raises SettingsRefused where it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise SettingsRefused(f"{path} is longer than {max_bytes} bytes. It is no file that was kept there.")
        return data.decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{path} cannot be read: {error}.") from error


def remove_file(path: Path) -> None:
    """Remove a file if it is there. Raises SettingsRefused."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsRefused(f"{path} cannot be removed: {error.strerror or error}.") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
