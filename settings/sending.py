"""How codes reach phones, so that operators can show which numbers are theirs.

| name                       | meaning                                                      | default                  |
|----------------------------|--------------------------------------------------------------|--------------------------|
| SIGILL_GATEWAY_URL         | the telephony or SMS gateway's webhook; https, or this host  | none: no phone is proven |
| SIGILL_GATEWAY_SECRET_FILE | the file of its secret: whsec_ and base64, 24 bytes at least | needed with the address  |

What is posted there, and how it is signed: docs/sending-policy.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

NAMES: Final = ("SIGILL_GATEWAY_URL", "SIGILL_GATEWAY_SECRET_FILE")
_URL, _SECRET = NAMES
_NEAR: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_MAX_URL: Final = 2048


@dataclass(frozen=True, slots=True)
class Sending:
    """The gateway's address and the file of its secret; both None: no codes are sent."""

    url: str | None = field(default=None, repr=False)  # may hold a secret path
    secret_file: Path | None = None


def read_sending(environment: Mapping[str, str]) -> tuple[Sending, list[str]]:
    """Return the gateway's settings and what is wrong with them; a fault never repeats the address."""
    url, secret = environment.get(_URL) or None, environment.get(_SECRET) or None
    faults: list[str] = []
    if url is not None and not _is_address(url):
        faults.append(f"{_URL} is https://host/path, or http:// on this very machine")
    if (url is None) is not (secret is None):
        faults.append(f"{_URL} and {_SECRET} go together")
    return Sending(url, None if secret is None else Path(secret).resolve()), faults


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a port that is none raises
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _MAX_URL
    near = parts.scheme == "http" and parts.hostname in _NEAR
    return plain and bool(parts.hostname) and "@" not in parts.netloc and (parts.scheme == "https" or near)
