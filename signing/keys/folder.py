"""The folder of the keys: one process at a time changes what `keys.json` lists, anyone reads it whole."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signing.errors import KeyUnusable
from signing.keys.files import missing, publish_file, sync_folder
from signing.keys.listing import NAME, Listing, format_listing, parse_listing


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Let one process at a time look which keys there are and add what is missing; the lock ends with the process."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise KeyUnusable(f"{folder.name} cannot be made or opened: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def find_listing(folder: Path) -> Listing | None:
    """Return what `keys.json` lists, or None where there is no such file. Raises KeyUnusable."""
    try:
        data = (folder / NAME).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise KeyUnusable(f"{NAME} cannot be read: {error.strerror}") from None
    return parse_listing(data)


def load_listing(folder: Path) -> Listing:
    """Return what `keys.json` lists. Raises KeyUnusable, where it is missing too."""
    listing = find_listing(folder)
    if listing is None:
        raise missing(folder / NAME)
    return listing


def save_listing(folder: Path, listing: Listing) -> None:
    """Put a whole new `keys.json` of mode 600 in the place of the old one: a crash leaves one or the other.

    Call it alone in the folder. Raises KeyUnusable.
    """
    path = folder / NAME
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        publish_file(draft, format_listing(listing))
        draft.replace(path)
        sync_folder(folder)
    except OSError as error:
        raise KeyUnusable(f"{path.name} cannot be written: {error.strerror}") from None
