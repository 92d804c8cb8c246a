"""Style sheets, icon and the few scripts, under names that hold a hash of their bytes: cached a year, never stale."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HASH_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file: where it is served, its bytes and its type."""

    path: str
    content: bytes
    content_type: str


@lru_cache(maxsize=1)
def assets() -> Mapping[str, Asset]:
    """Return the static files by their plain names (`page.css`), read once."""
    return {path.name: _read(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}


def served_as(name: str) -> Asset | None:
    """Return the file served under `/static/<name>`, or None."""
    return next((asset for asset in assets().values() if asset.path == f"/static/{name}"), None)


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    name = f"{path.stem}-{hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]}{path.suffix}"
    return Asset(f"/static/{name}", content, _TYPES[path.suffix])
