"""Secrets come by file, never in the environment, where every child process and crash report would see them."""

import re
from pathlib import Path
from typing import Final

from settings import SettingsInvalid

_MAX_BYTES: Final = 1024
_TOKEN: Final = re.compile(r"[!-~]{32,255}\Z")


def read_token(path: Path | None) -> str | None:
    """Return the token a file holds, without the blanks around it; None for no file. Raises SettingsInvalid."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            token = file.read(_MAX_BYTES).decode("ascii").strip()
    except (OSError, ValueError):
        token = ""
    if not _TOKEN.match(token):
        raise SettingsInvalid([f"{path} holds no token: 32 to 255 ASCII characters without blanks, in a readable file"])
    return token
