"""Where the logs are published: a folder, or a place in an S3-compatible store.

| name                      | meaning                                                       | default       |
|---------------------------|---------------------------------------------------------------|---------------|
| SIGILL_PUBLISH_TO         | checkpoints, tiles and the root log: a folder or s3://bucket/prefix | nowhere |
| SIGILL_PUBLISH_ENTRIES_TO | the entries of operators' logs, for their auditors: another one     | nowhere |
| SIGILL_S3_ENDPOINT        | the store's address, where it is not Amazon's                 | Amazon's      |

Credentials are never settings of ours: AWS_ACCESS_KEY_ID and the like, or the files of AWS's own tools.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

NAMES: Final = ("SIGILL_PUBLISH_TO", "SIGILL_PUBLISH_ENTRIES_TO", "SIGILL_S3_ENDPOINT")
_PUBLIC, _ENTRIES, _ENDPOINT = NAMES
_BUCKET: Final = re.compile(
    r"s3://(?P<name>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[A-Za-z0-9/_.-]*))?\Z", re.ASCII
)
_STEP: Final = re.compile(r"(?!\.\.?\Z)[A-Za-z0-9_.-]+\Z", re.ASCII)
_URL: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder on this machine."""

    path: Path


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, and what all keys in it begin with (without the last `/`; may be empty)."""

    name: str
    prefix: str
    endpoint: str | None


Place: TypeAlias = Folder | Bucket


@dataclass(frozen=True, slots=True)
class Publishing:
    """Where to publish for anyone, and where for auditors; None: not at all."""

    public: Place | None = None
    entries: Place | None = None


def read_publishing(environment: Mapping[str, str], *, var: Path) -> tuple[Publishing, list[str]]:
    """Return where the logs are published, and what is wrong with it; `var` is the data folder, with the keys."""
    faults: list[str] = []
    endpoint = environment.get(_ENDPOINT) or None
    if endpoint is not None and not _URL.match(endpoint):
        faults.append(f"{_ENDPOINT} is http(s)://host[:port]")
        endpoint = None
    public, entries = (_read_place(environment.get(name), name, endpoint, faults) for name in (_PUBLIC, _ENTRIES))
    for name, place in ((_PUBLIC, public), (_ENTRIES, entries)):
        if isinstance(place, Folder) and var.is_relative_to(place.path):
            faults.append(f"{name} holds the data folder with its keys; name a folder beside it or in it")
    if entries is not None and not environment.get(_PUBLIC):
        faults.append(f"{_ENTRIES} needs {_PUBLIC}: entries mean nothing without the tiles they hash to")
    if public is not None and entries is not None and _overlap(public, entries):
        faults.append(f"{_ENTRIES} lies in {_PUBLIC} or around it, and the entries are not for anyone")
    return Publishing(public, entries), faults


def _read_place(value: str | None, name: str, endpoint: str | None, faults: list[str]) -> Place | None:
    if not value:
        return None
    if "://" not in value and "\0" not in value:
        return Folder(Path(value).resolve())
    match = _BUCKET.match(value)
    prefix = (match["prefix"] or "").rstrip("/") if match else ""
    if match is None or (prefix and not all(map(_STEP.match, prefix.split("/")))):
        faults.append(f"{name} is a folder or s3://bucket/prefix, the prefix of letters, digits, / . _ and -")
        return None
    return Bucket(match["name"], prefix, endpoint)


def _overlap(one: Place, other: Place) -> bool:
    paths = [(place.path if isinstance(place, Folder) else PurePosixPath("/", place.prefix)) for place in (one, other)]
    same_store = type(one) is type(other) and (
        isinstance(one, Folder) or isinstance(other, Folder) or one.name == other.name
    )
    return same_store and (paths[0].is_relative_to(paths[1]) or paths[1].is_relative_to(paths[0]))
